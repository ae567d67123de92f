import { resolve } from 'node:path';
import type { Command } from 'commander';
import { listBackups } from '../../backup/list.ts';
import { backupMetrics } from '../../backup/metrics.ts';
import { type StoreStatus, statusOf, storeFacts } from '../../backup/status.ts';
import { is321, type ThreeTwoOne } from '../../backup/three-two-one.ts';
import type { Backup } from '../../backup/types.ts';
import { diskRefusal } from '../../core/disk.ts';
import { messageOf } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { shownAge } from '../../core/units.ts';
import { hasOption, type Invocation, textOption } from '../command.ts';
import { setAlarm } from '../kit/alarms.ts';
import { withBackups } from '../kit/backup-site.ts';
import { binlogFolder } from '../kit/binlog.ts';
import { environmentName, environmentOption } from '../kit/environment.ts';
import {
  type ReceiverReport,
  receiverMetrics,
  receiverReport,
  shownReceiver,
} from '../kit/receiver-state.ts';
import {
  type RestoreTestState,
  restoreTestState,
  restoreTestsFolder,
  shownRestoreTest,
} from '../kit/restore-tests.ts';
import { table } from '../render.ts';

export function configure(command: Command): void {
  environmentOption(command)
    .option('--log <folder>', 'of a receiver that was given one by --to')
    .option('--prometheus <file>', 'also write the figures there, for node_exporter (NAME.prom)')
    .option('--tell', 'tell the team when 3-2-1 holds no more, and when it holds again');
}

interface Status {
  readonly newest: Backup | undefined;
  readonly stores: readonly StoreStatus[];
  readonly rule: ThreeTwoOne;
  /** Copies are set up in `.env`, so the rule is asked for. */
  readonly isAsked: boolean;
  readonly restoreTest: RestoreTestState;
  readonly receiver: ReceiverReport | undefined;
}

/**
 * Exit 3 while copies are set up and the newest backup is not three copies on two media with one off-site, and while a
 * receiver that was started once is not as it should be.
 */
export async function run(invocation: Invocation): Promise<number> {
  const { clock, output } = invocation;
  const status = await gather(invocation);
  const { newest, stores, rule, isAsked, restoreTest, receiver } = status;
  if (output.json) {
    const rpoMs = newest === undefined ? null : clock.now() - Date.parse(newest.startedAt);
    const told = stores.map((store) => ({
      ...store,
      problem: store.problem === null ? null : messageOf(store.problem),
    }));
    output.write(
      `${JSON.stringify({ newest: newest?.id ?? null, rpoMs, ...rule, isAsked, stores: told, restoreTest, receiver: receiver ?? null })}\n`,
    );
  } else output.write(shown(status, clock.now()));
  writeMetrics(invocation, status);
  if (hasOption(invocation.command, 'tell') && isAsked) await tellRule(invocation, status);
  const isWell = rule.is321 && stores.every(({ problem }) => problem === null);
  const isReceived = receiver === undefined || receiver.health === 'well';
  return (isWell || !isAsked) && isReceived ? 0 : 3;
}

function writeMetrics(invocation: Invocation, { stores, rule, restoreTest, receiver }: Status): void {
  const path = textOption(invocation.command, 'prometheus');
  if (path === undefined) return;
  const environment = environmentName(invocation);
  const text = backupMetrics({
    environment,
    nowMs: invocation.clock.now(),
    stores,
    is321: rule.is321,
    restoreTest:
      'test' in restoreTest
        ? { passed: restoreTest.test.passed, atMs: Date.parse(restoreTest.test.at) }
        : null,
  });
  try {
    writeFileAtomic(resolve(path), `${text}${receiverMetrics(environment, receiver)}`, 0o644);
  } catch (error) {
    throw diskRefusal(error, path) ?? error;
  }
}

/** A store that cannot be read is told as well: what is in it is not known. */
async function tellRule(invocation: Invocation, { rule, stores }: Status): Promise<void> {
  const unread = stores.flatMap(({ store, problem }) =>
    problem === null ? [] : [`${store}: ${messageOf(problem)}`],
  );
  const why = [...rule.missing, ...unread];
  await setAlarm(invocation, 'three-two-one', why.length === 0 ? null : why.join('\n'));
}

function gather(invocation: Invocation): Promise<Status> {
  const { clock, command, layout } = invocation;
  return withBackups(invocation, async (deps) => {
    const { settings, site } = deps;
    const [facts, seen] = await Promise.all([storeFacts(deps.stores), listBackups(deps)]);
    const nowMs = clock.now();
    const [newest] = seen.backups;
    return {
      newest,
      stores: statusOf(facts, seen, nowMs),
      rule: is321(newest?.copies ?? [], { nowMs, readBackWithinMs: settings.readBackWithinMs }),
      isAsked: settings.copies.length > 0,
      restoreTest: restoreTestState(restoreTestsFolder(layout, site), deps.verificationKey, nowMs),
      receiver: await receiverReport(textOption(command, 'log') ?? binlogFolder(layout, site), nowMs),
    };
  });
}

function shown({ newest, stores, rule, isAsked, restoreTest, receiver }: Status, nowMs: number): string {
  const head =
    newest === undefined
      ? 'no backup yet: ompay backup create\n'
      : `newest: ${newest.id}, ${shownAge(nowMs - Date.parse(newest.finishedAt))}, proven before it was published\n`;
  const missing = rule.missing.map((each) => `  ${each}\n`).join('');
  const verdict = rule.is321 ? '3-2-1 holds\n' : `3-2-1 does not hold:\n${missing}`;
  const unasked = isAsked ? '' : '  no other copies are set up (docs/copies.md), so this is only said\n';
  const remarks = stores.flatMap(remarksOf).map((each) => `! ${each}\n`);
  return [
    head,
    storesTable(stores, nowMs),
    verdict,
    unasked,
    shownRestoreTest(restoreTest, nowMs),
    receiver === undefined ? '' : shownReceiver(receiver, nowMs),
    ...remarks,
  ].join('');
}

function storesTable(stores: readonly StoreStatus[], nowMs: number): string {
  const ago = (at: string | null): string => (at === null ? '-' : shownAge(nowMs - Date.parse(at)));
  return table([
    { title: 'STORE', values: stores.map(({ store }) => store) },
    { title: 'BACKUPS', values: stores.map(({ backups }) => String(backups)) },
    { title: 'NEWEST GOOD', values: stores.map(({ newest }) => newest ?? '-') },
    {
      title: 'RPO',
      values: stores.map(({ rpoMs }) => (rpoMs === null ? '-' : shownAge(rpoMs).replace(' ago', ''))),
    },
    { title: 'READ BACK', values: stores.map(({ verifiedAt }) => ago(verifiedAt)) },
    { title: 'WHERE', values: stores.map(({ offsite }) => (offsite ? 'off-site' : 'on site')) },
    { title: 'LOCKED', values: stores.map(({ immutable }) => (immutable ? 'yes' : 'no')) },
  ]);
}

function remarksOf({ store, damaged, missing, weaknesses, problem }: StoreStatus): readonly string[] {
  return [
    ...(problem === null ? [] : [`${store}: ${messageOf(problem)}`]),
    ...damaged.map((id) => `${store}: its copy of ${id} is damaged: ompay backup heal`),
    ...(problem !== null || missing.length === 0
      ? []
      : [`${store}: has no copy of ${missing.length} backups (${missing[0]}…): ompay backup heal`]),
    ...weaknesses,
  ];
}
