import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isoTime } from '../../core/clock.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { ulid } from '../../core/ids.ts';
import { shownAge, shownDuration, shownSize } from '../../core/units.ts';
import { listEpochs } from '../../engine/mysql/binlog/epochs.ts';
import { readStatus } from '../../engine/mysql/binlog/status.ts';
import type { Transaction } from '../../engine/mysql/binlog/transactions.ts';
import { gtidSetText, gtidText } from '../../engine/mysql/gtid-set.ts';
import { type PointRestored, restorePoint } from '../../restore/point.ts';
import { type LogSource, type PointPlan, planPoint } from '../../restore/point-plan.ts';
import { microTime, parseTarget } from '../../restore/point-target.ts';
import { sentLog } from '../../restore/sent-log.ts';
import type { Store } from '../../store/store.ts';
import { hasOption, type Invocation, textOption } from '../command.ts';
import { note } from '../operation.ts';
import type { SiteBackups } from './backup-site.ts';
import { binlogFolder, mysqlOf } from './binlog.ts';
import { chosenStores } from './copies.ts';
import { environmentName } from './environment.ts';
import { withProgress } from './progress.ts';
import { hostPlace, printPromotion, promoteProven } from './promote.ts';
import { assertConfirmable } from './promote-confirm.ts';
import { withRestorable } from './repository-site.ts';

/**
 * Restores MySQL to an exact transaction, into a folder of its own or, with `--into host`, in place of its server's; with
 * `--plan` only says how.
 */
export async function restoreToPoint(
  invocation: Invocation,
  to: string,
  asOfMs: number | null,
): Promise<number> {
  const { clock, command, output, signal } = invocation;
  const target = parseTarget(to);
  if (isForHost(invocation) && textOption(command, 'repository') !== undefined) throw notInPlace();
  if (isForHost(invocation) && !hasOption(command, 'plan'))
    assertConfirmable(invocation, environmentName(invocation));
  const beginMs = clock.monotonicMs();
  return withRestorable(
    invocation,
    (deps) =>
      withLogs(invocation, deps, async (stores, sources) => {
        const { scratch } = await mysqlOf(deps);
        const plan = await planPoint({ ...deps, stores }, { target, sources });
        const planMs = Math.round(clock.monotonicMs() - beginMs);
        if (!output.json) output.write(shownPlan(plan, clock.now()));
        tellPassedOver(plan);
        const host = isForHost(invocation) ? await hostPlace(invocation, deps) : undefined;
        const { gtids } = plan.resolved;
        if (hasOption(command, 'plan')) {
          if (output.json) output.write(`${JSON.stringify(toldPlan(plan))}\n`);
          if (host !== undefined) await printPromotion(invocation, deps, { place: host, gtids });
          return 0;
        }
        const into = host?.proven ?? placeOf(invocation, deps);
        const restored = await restorePoint({ ...withProgress(deps, invocation), scratch }, plan, {
          into,
          signal,
        });
        const rtoMs = Math.round(clock.monotonicMs() - beginMs);
        tell(invocation, { plan, restored, planMs, rtoMs, command: scratch.serverCommand });
        if (host === undefined) return 0;
        return promoteProven(invocation, deps, { place: host, gtids, checks: restored.checks });
      }),
    asOfMs,
  );
}

/** The stores that `--from` chooses, and the logs: the receiver's own unless a copy is to do alone, then those in stores. */
async function withLogs<T>(
  invocation: Invocation,
  deps: SiteBackups,
  work: (stores: readonly Store[], sources: readonly LogSource[]) => Promise<T>,
): Promise<T> {
  const from = textOption(invocation.command, 'from');
  const stores = chosenStores(deps.stores, from);
  const folder = join(deps.workFolder, `log-${ulid(invocation.clock.now())}`);
  const { site, verificationKey, identity, formerIdentities = [] } = deps;
  const identities = [identity, ...formerIdentities];
  const isOneCopy = from !== undefined || textOption(invocation.command, 'repository') !== undefined;
  const isAlone = isOneCopy && textOption(invocation.command, 'log') === undefined;
  const sent = stores.map((store) => sentLog({ store, site, verificationKey, identities, folder }));
  try {
    return await work(stores, isAlone ? sent : [receivedLog(invocation, deps), ...sent]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The receiver's own folder on this machine. */
function receivedLog({ command, layout }: Invocation, { site }: SiteBackups): LogSource {
  const root = resolve(textOption(command, 'log') ?? binlogFolder(layout, site));
  return {
    name: root,
    open: async (serverUuid) => {
      const status = await readStatus(root);
      const knownUntilMs =
        status === undefined || status.caughtUpAt === '' ? 0 : Date.parse(status.caughtUpAt);
      const epochs = await listEpochs(root);
      const newest = epochs.at(-1);
      return epochs
        .filter((epoch) => epoch.serverUuid === serverUuid)
        .map((epoch) => ({ epoch, knownUntilMs: epoch === newest ? knownUntilMs : 0 }))
        .reverse();
    },
  };
}

function notInPlace(): OmpayError {
  return new OmpayError('usage', '--into host is of an environment, and a repository alone knows none', {
    hint: 'restore with --into FOLDER, then exchange them by hand: docs/mysql-backup.md ("In place of the old one")',
  });
}

/** `scratch`, the default, is a new folder of the installation's. */
function placeOf({ clock, command, layout }: Invocation, { site }: SiteBackups): string {
  const into = textOption(command, 'into') ?? 'scratch';
  if (into !== 'scratch') return resolve(into);
  return join(layout.state, 'restored', `${site}-${ulid(clock.now())}`);
}

function isForHost({ command }: Invocation): boolean {
  return textOption(command, 'into') === 'host';
}

function shownPlan({ copies, log, epoch, resolved, knownUntilMs }: PointPlan, nowMs: number): string {
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
    ...(committedEarlier === 0
      ? []
      : [`! ${committedEarlier} transactions after it say an earlier time: the server's clock was set back`]),
    '',
  ].join('\n');
}

function shownTransaction({ gtid, committedAtMs }: Transaction): string {
  return `${gtidText(gtid)}, committed ${microTime(committedAtMs)}`;
}

function toldPlan({ copies, log, epoch, resolved, knownUntilMs }: PointPlan) {
  const told = (transaction: Transaction | undefined) =>
    transaction === undefined
      ? null
      : { gtid: gtidText(transaction.gtid), committedAt: microTime(transaction.committedAtMs) };
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

function tellPassedOver({ passedOver, unread }: PointPlan): void {
  for (const { log, error } of passedOver)
    process.stderr.write(`! passed over the log in ${log}: ${messageOf(error)}\n`);
  for (const { store, error } of unread)
    process.stderr.write(`! ${store} could not be read, and may hold newer backups: ${messageOf(error)}\n`);
}

interface Done {
  readonly plan: PointPlan;
  readonly restored: PointRestored;
  readonly planMs: number;
  readonly rtoMs: number;
  readonly command: readonly string[];
}

function tell(invocation: Invocation, { plan, restored, planMs, rtoMs, command }: Done): void {
  const { clock, output } = invocation;
  const { backup, store, into, checks, passedOver, ...times } = restored;
  const { serverVersion, extractMs, startMs, replayMs, proveMs, stopMs } = times;
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
    rtoMs,
    rpoMs,
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
  };
  const split = Object.entries(parts).map(([name, ms]) => `${name} ${shownDuration(ms)}`);
  output.write(
    [
      `proven      ${checks.length} checks, on ${serverVersion}`,
      `RTO         ${shownDuration(rtoMs)}: ${split.join(', ')}`,
      `RPO         ${shownDuration(rpoMs)}: what was committed after the last transaction is not there`,
      `in          ${into}`,
      ...(isForHost(invocation) ? [] : [startLine(command, into)]),
      '',
    ].join('\n'),
  );
}

function startLine(command: readonly string[], into: string): string {
  return `start it    ${command.join(' ')} --datadir=${into} --socket=${into}.sock --skip-networking`;
}

/** Of the end of the log, what is known to be all there; else the last transaction's own time. */
function lastKnownMs({ resolved, knownUntilMs, copies }: PointPlan): number {
  const last = resolved.last?.committedAtMs ?? Date.parse(copies[0].manifest.startedAt);
  return resolved.next === undefined ? Math.max(last, knownUntilMs) : last;
}
