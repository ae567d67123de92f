import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { livingOwner } from '../../core/ownership.ts';
import { shownAge } from '../../core/units.ts';
import { isWaitedFor, type ReceiverStatus, readStatus } from '../../engine/mysql/binlog/status.ts';

/** A receiver that says nothing for so long hangs: it writes once a second. */
const SILENT_AFTER_MS = 30_000;

/** The receiver of an environment's log, as `ompay backup status` tells of it. */
export interface ReceiverReport {
  readonly health: 'well' | 'degraded' | 'not running' | 'unreadable';
  /** Null when it cannot be read. */
  readonly status: ReceiverStatus | null;
  /** How much would be lost now: since when it is not known that everything is here. Milliseconds; null when never. */
  readonly rpoMs: number | null;
  readonly problem: string;
}

/** Undefined where no receiver was ever started. */
export async function receiverReport(root: string, nowMs: number): Promise<ReceiverReport | undefined> {
  let status: ReceiverStatus | undefined;
  try {
    status = await readStatus(root);
  } catch (error) {
    return { health: 'unreadable', status: null, rpoMs: null, problem: messageOf(error) };
  }
  if (status === undefined) return undefined;
  const isRunning = livingOwner(join(root, 'owner')) !== undefined;
  const isSilent = nowMs - Date.parse(status.writtenAt) > SILENT_AFTER_MS;
  const rpoMs = status.caughtUpAt === '' ? null : Math.max(0, nowMs - Date.parse(status.caughtUpAt));
  if (!isRunning) return { health: 'not running', status, rpoMs, problem: status.problem };
  const problem = isSilent ? 'it runs and says nothing' : status.problem;
  return { health: isWaitedFor(status) && !isSilent ? 'well' : 'degraded', status, rpoMs, problem };
}

export function shownReceiver({ health, status, rpoMs, problem }: ReceiverReport, nowMs: number): string {
  const behind = rpoMs === null ? 'never caught up' : `RPO ${shownAge(rpoMs).replace(' ago', '')}`;
  const last =
    status === null || status.lastCommittedAt === ''
      ? ''
      : `, last transaction ${shownAge(nowMs - Date.parse(status.lastCommittedAt))}`;
  const what =
    status === null ? '' : ` ${status.state}, semi-synchronous: ${status.semiSync}, ${behind}${last}`;
  const why = problem === '' ? '' : `: ${problem}`;
  const next = health === 'not running' ? ': ompay backup stream -e ENVIRONMENT' : '';
  return `log: ${health === 'well' ? '' : `${health.toUpperCase()},`}${what}${why}${next}\n`.replace(
    'log:  ',
    'log: ',
  );
}

/** In the text format of Prometheus; nothing where no receiver was ever started. */
export function receiverMetrics(environment: string, report: ReceiverReport | undefined): string {
  if (report === undefined) return '';
  const { status } = report;
  const label = `{environment="${environment}"}`;
  return [
    '# HELP ompay_log_received Whether the log is received as it should be (0: degraded, or it does not run).',
    '# TYPE ompay_log_received gauge',
    `ompay_log_received${label} ${report.health === 'well' ? 1 : 0}`,
    ...(status === null || status.caughtUpAt === ''
      ? []
      : [
          '# HELP ompay_log_complete_timestamp_seconds Every transaction that was committed before is here.',
          '# TYPE ompay_log_complete_timestamp_seconds gauge',
          `ompay_log_complete_timestamp_seconds${label} ${Date.parse(status.caughtUpAt) / 1000}`,
        ]),
    '',
  ].join('\n');
}
