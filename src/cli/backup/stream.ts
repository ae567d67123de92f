import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { CopyFailure } from '../../backup/capture.ts';
import { LogSender } from '../../backup/send-log.ts';
import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import { receiveBinlog } from '../../engine/mysql/binlog/receiver.ts';
import { isWaitedFor, type ReceiverStatus } from '../../engine/mysql/binlog/status.ts';
import { receiveWal } from '../../engine/postgres/wal/receiver.ts';
import { type Invocation, textOption } from '../command.ts';
import { withBackups } from '../kit/backup-site.ts';
import { binlogFolder, logOf } from '../kit/binlog.ts';
import { tellFailures } from '../kit/copy-failures.ts';
import { environmentOption } from '../kit/environment.ts';
import { note, shownTime } from '../operation.ts';

const MOST_SEND_MS = 3_600_000;
const LAST_SEND_MS = 20_000;
const MERGE_AGAIN_MS = 3_600_000;

export function configure(command: Command): void {
  environmentOption(command).option('--to <folder>', "where the log is kept (default: the installation's)");
}

/** Receives until SIGTERM, and never ends by itself: what fails is told and tried again. */
export function run(invocation: Invocation): Promise<number> {
  const { clock, command, layout, output, signal } = invocation;
  return withBackups(invocation, async (deps) => {
    const root = resolve(textOption(command, 'to') ?? binlogFolder(layout, deps.site));
    output.outliveReader();
    const tell = teller(invocation);
    if (deps.postgres !== null) {
      await receiveWal({ postgres: await deps.postgres(), root, clock, onStatus: tell }, signal);
      return 0;
    }
    const log = await logOf(deps);
    const [access, dialect] = [log.access(), log.dialect()];
    const ended = new AbortController();
    const sending = sendAll(new LogSender(deps, root), {
      clock,
      everyMs: deps.settings.logSendEveryMs,
      ended: ended.signal,
    });
    try {
      const settings = { access, dialect, root, serverId: serverIdOf(root), clock, onStatus: tell };
      await receiveBinlog(settings, signal);
    } finally {
      ended.abort();
      await sending;
    }
    return 0;
  });
}

/** Sends what was received into the copies' stores, again and again, and once more at the end. */
async function sendAll(
  sender: LogSender,
  { clock, everyMs, ended }: { readonly clock: Clock; readonly everyMs: number; readonly ended: AbortSignal },
): Promise<void> {
  let before = '';
  let mergeAtMs = 0;
  for (let isLast = false; !isLast; ) {
    isLast = !(await clock.sleep(everyMs, ended).then(
      () => true,
      () => false,
    ));
    const limit = AbortSignal.timeout(isLast ? LAST_SEND_MS : MOST_SEND_MS);
    const failures = await sender.round(limit).catch((error: unknown) => [{ store: 'log', error }]);
    const isToMerge = !isLast && failures.length === 0 && clock.monotonicMs() >= mergeAtMs;
    const merged = isToMerge ? await mergeIn(sender, ended) : NOTHING_MERGED;
    // A store that forbids removing is not asked each round.
    if (merged.failures.length > 0) mergeAtMs = clock.monotonicMs() + MERGE_AGAIN_MS;
    const all = [...failures, ...merged.failures];
    const news = all.map(({ store, error }) => `${store}: ${messageOf(error)}`).join('\n');
    if (news !== before && news !== '') tellFailures(all);
    // What merging said is not said again while it is not tried.
    if (isToMerge || failures.length > 0) before = news;
  }
}

const NOTHING_MERGED: { readonly failures: readonly CopyFailure[] } = { failures: [] };

/** One file of each store at a time, so that what is new does not wait for long; an end is no failure. */
async function mergeIn(
  sender: LogSender,
  ended: AbortSignal,
): Promise<{ readonly failures: readonly CopyFailure[] }> {
  const { failures } = await sender
    .merge(ended)
    .catch((error: unknown) => ({ failures: [{ store: 'log', error }] }));
  return ended.aborted ? NOTHING_MERGED : { failures };
}

/** The same at each start; of two receivers of one server the ids differ. Replicas made by hand have small ones. */
function serverIdOf(root: string): number {
  const digest = createHash('sha256').update(`${hostname()}:${root}`).digest();
  return 2 ** 31 + (digest.readUInt32BE(0) % 2 ** 31);
}

/** Prints and journals what people act on, once each time that it changes. */
function teller(invocation: Invocation): (status: ReceiverStatus) => void {
  const { clock, output } = invocation;
  let before = '';
  return (status) => {
    const { state, problem, semiSync, epoch, file, offset } = status;
    const news = JSON.stringify([state, problem, semiSync, epoch]);
    if (news === before) return;
    before = news;
    if (output.json) output.write(`${JSON.stringify(status)}\n`);
    else output.write(`${shownTime(clock.now())}  ${shown(status)}\n`);
    const text = `log receiver: ${isWaitedFor(status) ? 'as it should be' : 'degraded'}: ${shown(status)}`;
    try {
      note(invocation, text, { state, problem, semiSync, epoch, file, offset });
    } catch (error) {
      // A full disk must not end what goes on once there is room again.
      process.stderr.write(`! not journalled: ${String(error)}\n`);
    }
  };
}

function shown({ state, problem, semiSync, epoch, file, offset }: ReceiverStatus): string {
  if (state !== 'streaming') return problem === '' ? state : `${state}: ${problem}`;
  return `streaming ${file} from ${offset} (epoch ${epoch}), semi-synchronous: ${semiSync}`;
}
