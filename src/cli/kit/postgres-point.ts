import { join, resolve } from 'node:path';
import { isoTime } from '../../core/clock.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { ulid } from '../../core/ids.ts';
import { shownAge, shownDuration, shownSize } from '../../core/units.ts';
import { readStatus } from '../../engine/mysql/binlog/status.ts';
import { lsnText } from '../../engine/pglite/control.ts';
import type { PostgresSettings } from '../../engine/postgres/settings.ts';
import type { WalCommit } from '../../engine/postgres/wal/scan.ts';
import { readReceivedLsn } from '../../engine/postgres/wal/status.ts';
import { microTime } from '../../restore/point-target.ts';
import { planWalPoint, type ReceivedWal, type WalPointPlan } from '../../restore/postgres-plan.ts';
import { restoreWalPoint, type WalPointRestored } from '../../restore/postgres-point.ts';
import { parseWalTarget } from '../../restore/postgres-target.ts';
import { hasOption, type Invocation, textOption } from '../command.ts';
import { note } from '../operation.ts';
import type { SiteBackups } from './backup-site.ts';
import { binlogFolder } from './binlog.ts';
import { chosenStores } from './copies.ts';
import { withProgress } from './progress.ts';

/** Restores PostgreSQL to an exact place of its log, into a folder of its own; with `--plan` it only says how. */
export async function restorePostgresToPoint(
  invocation: Invocation,
  deps: SiteBackups,
  { to, postgres, into }: { readonly to: string; readonly postgres: PostgresSettings; readonly into: string },
): Promise<number> {
  const { clock, command, layout, output, signal } = invocation;
  const target = parseWalTarget(to);
  assertOffered(invocation);
  const beginMs = clock.monotonicMs();
  const stores = chosenStores(deps.stores, textOption(command, 'from'));
  const root = resolve(textOption(command, 'log') ?? binlogFolder(layout, deps.site));
  const { programFolder } = postgres;
  const folder = join(deps.workFolder, `log-${ulid(clock.now())}`);
  const log = await receivedIn(root);
  const plan = await planWalPoint({ ...deps, stores }, { target, log, programFolder, folder });
  const planMs = Math.round(clock.monotonicMs() - beginMs);
  for (const { store, error } of plan.unread)
    process.stderr.write(`! ${store} could not be read, and may hold newer backups: ${messageOf(error)}\n`);
  if (!output.json) output.write(shownPlan(plan, clock.now()));
  if (hasOption(command, 'plan')) {
    if (output.json) output.write(`${JSON.stringify(toldPlan(plan))}\n`);
    return 0;
  }
  const restored = await restoreWalPoint({ ...withProgress(deps, invocation), postgres }, plan, {
    into,
    signal,
  });
  const rtoMs = Math.round(clock.monotonicMs() - beginMs);
  tellRestored(invocation, { plan, restored, planMs, rtoMs });
  return 0;
}

function assertOffered({ command }: Invocation): void {
  const isOneCopy = ['from', 'repository'].some((name) => textOption(command, name) !== undefined);
  if (isOneCopy && textOption(command, 'log') === undefined)
    throw new OmpayError('usage', 'the log of PostgreSQL is in no store', {
      hint: "name the receiver's folder as well: --log .ompay/binlog/ENVIRONMENT",
    });
}

async function receivedIn(root: string): Promise<ReceivedWal> {
  const status = await readStatus(root);
  const knownUntilMs = status === undefined || status.caughtUpAt === '' ? 0 : Date.parse(status.caughtUpAt);
  return { root, newest: { ...(await readReceivedLsn(root)), knownUntilMs } };
}

/** Which base, which log, and the transactions on either side; before anything is done. */
function shownPlan({ copies, epoch, segments, stop, knownUntilMs }: WalPointPlan, nowMs: number): string {
  const [{ manifest }] = copies;
  const stores = copies.map(({ store }) => store.name).join(', ');
  const known = knownUntilMs === 0 ? '' : `, whose end is known up to ${isoTime(knownUntilMs)}`;
  const none = stop.isInclusive ? 'none: that is the end of the log' : 'none that can be read';
  const range = `${segments[0]?.name ?? ''} to ${segments.at(-1)?.name ?? ''}`;
  return [
    `base        ${manifest.id} (${stores}), begun ${shownAge(nowMs - Date.parse(manifest.startedAt))}, ${shownSize(manifest.cipher.sizeBytes)}`,
    `log         ${epoch.folder}, timeline ${epoch.timeline}${known}`,
    `replay      ${stop.count} transactions, ${range}`,
    `target      ${stop.isInclusive ? 'the record at' : 'before the record at'} ${lsnText(stop.lsn)}`,
    `last in     ${stop.last === undefined ? 'what the base holds' : shownCommit(stop.last)}`,
    `first out   ${stop.next === undefined ? none : shownCommit(stop.next)}`,
    '',
  ].join('\n');
}

function shownCommit({ lsn, committedAtMs }: WalCommit): string {
  return `${lsnText(lsn)}, committed ${microTime(committedAtMs)}`;
}

/** The same for programs. */
function toldPlan({ copies, epoch, stop, knownUntilMs }: WalPointPlan) {
  const told = (commit: WalCommit | undefined) =>
    commit === undefined ? null : { lsn: lsnText(commit.lsn), committedAt: microTime(commit.committedAtMs) };
  return {
    backup: copies[0].manifest.id,
    stores: copies.map(({ store }) => store.name),
    log: epoch.folder,
    epoch: epoch.number,
    timeline: epoch.timeline,
    knownUntil: knownUntilMs === 0 ? null : isoTime(knownUntilMs),
    transactions: stop.count,
    lsn: lsnText(stop.lsn),
    inclusive: stop.isInclusive,
    last: told(stop.last),
    next: told(stop.next),
  };
}

interface Done {
  readonly plan: WalPointPlan;
  readonly restored: WalPointRestored;
  readonly planMs: number;
  readonly rtoMs: number;
}

/** What was restored and how long each part took; journalled too. */
function tellRestored(invocation: Invocation, { plan, restored, planMs, rtoMs }: Done): void {
  const { output } = invocation;
  const { passedOver, checks, serverVersion, ...said } = restored;
  const { into, replayedTo, extractMs, replayMs, proveMs, stopMs } = said;
  const data = { ...toldPlan(plan), ...said, planMs, rtoMs };
  note(invocation, `restored to ${replayedTo} into ${into}`, data);
  for (const { store, error } of passedOver)
    process.stderr.write(`! passed over ${store}: ${messageOf(error)}\n`);
  if (output.json) {
    output.write(`${JSON.stringify({ ...data, serverVersion, checks: checks.length })}\n`);
    return;
  }
  const parts = { log: planMs, extract: extractMs, replay: replayMs, prove: proveMs, stop: stopMs };
  const split = Object.entries(parts).map(([name, ms]) => `${name} ${shownDuration(ms)}`);
  output.write(
    [
      `replayed    to ${replayedTo}`,
      `proven      ${checks.length} checks, on ${serverVersion}`,
      `RTO         ${shownDuration(rtoMs)}: ${split.join(', ')}`,
      `in          ${into}`,
      '',
    ].join('\n'),
  );
}
