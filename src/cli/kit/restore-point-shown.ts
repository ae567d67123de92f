import { isoTime } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { shownAge, shownDuration, shownSize } from '../../core/units.ts';
import type { Transaction } from '../../engine/mysql/binlog/transactions.ts';
import { gtidSetText, gtidText } from '../../engine/mysql/gtid-set.ts';
import type { PointRestored } from '../../restore/point.ts';
import type { PointPlan } from '../../restore/point-plan.ts';
import type { TablesRestored } from '../../restore/point-tables.ts';
import { microTime } from '../../restore/point-target.ts';
import type { Invocation } from '../command.ts';
import { note } from '../operation.ts';
import { shownTables } from './restore-tables.ts';

/** Which base, which log, and the exact transactions on either side; before anything is done. */
export function shownPlan(
  { copies, log, epoch, resolved, knownUntilMs }: PointPlan,
  { tables, nowMs }: { readonly tables: readonly string[]; readonly nowMs: number },
): string {
  const [{ manifest }] = copies;
  const { last, next, count, files, committedEarlier } = resolved;
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const stores = copies.map(({ store }) => store.name).join(', ');
  const end = knownUntilMs === 0 ? '' : `, whose end is known up to ${isoTime(knownUntilMs)}`;
  return [
    `base        ${manifest.id} (${stores}), begun ${shownAge(nowMs - Date.parse(manifest.startedAt))}, ${shownSize(manifest.cipher.sizeBytes)}`,
    `log         ${log}, epoch ${epoch.number}${end}`,
    `replay      ${count} transactions in ${files.length} files, ${shownSize(bytes)}`,
    `last in     ${last === undefined ? 'what the base holds' : shownTransaction(last)}`,
    `first out   ${next === undefined ? 'none: that is the end of the log' : shownTransaction(next)}`,
    ...(tables.length === 0 ? [] : [`tables      ${tables.join(', ')}, as SQL; nothing else stays`]),
    ...(committedEarlier === 0
      ? []
      : [`! ${committedEarlier} transactions after it say an earlier time: the server's clock was set back`]),
    '',
  ].join('\n');
}

function shownTransaction({ gtid, committedAtMs }: Transaction): string {
  return `${gtidText(gtid)}, committed ${committedAt({ gtid, committedAtMs })}`;
}

/** MariaDB's log says the second alone. */
function committedAt({ gtid, committedAtMs }: Pick<Transaction, 'gtid' | 'committedAtMs'>): string {
  const micros = microTime(committedAtMs);
  return gtid.server === undefined ? micros : micros.replace('.000000Z', 'Z');
}

/** The same for programs. */
export function toldPlan({ copies, log, epoch, resolved, knownUntilMs }: PointPlan) {
  const told = (transaction: Transaction | undefined) =>
    transaction === undefined
      ? null
      : { gtid: gtidText(transaction.gtid), committedAt: committedAt(transaction) };
  return {
    backup: copies[0].manifest.id,
    stores: copies.map(({ store }) => store.name),
    log,
    epoch: epoch.number,
    knownUntil: knownUntilMs === 0 ? null : isoTime(knownUntilMs),
    transactions: resolved.count,
    gtids: gtidSetText(resolved.gtids),
    last: told(resolved.last),
    next: told(resolved.next),
    committedEarlier: resolved.committedEarlier,
  };
}

/** Logs and stores that could not be used, on stderr. */
export function tellPassedOver({ passedOver, unread }: PointPlan): void {
  for (const { log, error } of passedOver)
    process.stderr.write(`! passed over the log in ${log}: ${messageOf(error)}\n`);
  for (const { store, error } of unread)
    process.stderr.write(`! ${store} could not be read, and may hold newer backups: ${messageOf(error)}\n`);
}

interface Done {
  readonly plan: PointPlan;
  readonly restored: PointRestored | TablesRestored;
  readonly planMs: number;
  readonly rtoMs: number;
  /** The command that starts a database on the folder; undefined when that is not what is done next. */
  readonly start: string | undefined;
}

/** What was restored, how long each part took, and how to go on; journalled too. */
export function tellRestored(invocation: Invocation, { plan, restored, planMs, rtoMs, start }: Done): void {
  const { clock, output } = invocation;
  const { backup, store, into, checks, passedOver, ...times } = restored;
  const { serverVersion, extractMs, startMs, replayMs, proveMs, stopMs } = times;
  const { tables, dumpMs } = 'tables' in restored ? restored : { tables: [], dumpMs: 0 };
  const rpoMs = Math.max(0, Math.round(clock.now() - lastKnownMs(plan)));
  const data = {
    ...toldPlan(plan),
    store,
    into,
    planMs,
    extractMs,
    startMs,
    replayMs,
    proveMs,
    stopMs,
    dumpMs,
    rtoMs,
    rpoMs,
    tables: tables.map((table) => ({ ...table })),
  };
  note(invocation, `restored to ${data.last?.gtid ?? 'the base'} into ${into}`, data);
  for (const { store: other, error } of passedOver)
    process.stderr.write(`! passed over ${other}: ${messageOf(error)}\n`);
  if (output.json) {
    output.write(`${JSON.stringify({ ...data, serverVersion, checks: checks.length })}\n`);
    return;
  }
  const parts = {
    log: planMs,
    extract: extractMs,
    start: startMs,
    replay: replayMs,
    prove: proveMs,
    stop: stopMs,
    ...(tables.length === 0 ? {} : { dump: dumpMs }),
  };
  const split = Object.entries(parts).map(([name, ms]) => `${name} ${shownDuration(ms)}`);
  output.write(
    [
      `proven      ${checks.length} checks, on ${serverVersion}`,
      `RTO         ${shownDuration(rtoMs)}: ${split.join(', ')}`,
      `RPO         ${shownDuration(rpoMs)}: what was committed after the last transaction is not there`,
      `in          ${into}`,
      ...(tables.length === 0 ? [] : [shownTables(tables)]),
      ...(start === undefined ? [] : [`start it    ${start}`]),
      '',
    ].join('\n'),
  );
}

/** Of the end of the log, what is known to be all there; else the last transaction's own time. */
function lastKnownMs({ resolved, knownUntilMs, copies }: PointPlan): number {
  const last = resolved.last?.committedAtMs ?? Date.parse(copies[0].manifest.startedAt);
  return resolved.next === undefined ? Math.max(last, knownUntilMs) : last;
}
