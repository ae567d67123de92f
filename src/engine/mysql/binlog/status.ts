import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isoTime } from '../../../core/clock.ts';
import { systemCodeOf } from '../../../core/errors.ts';
import { writeFileAtomic } from '../../../core/files.ts';
import { type JsonReader, readJson } from '../../../core/json.ts';

const STATUS_FILE = 'status.json';

/**
 * - `connecting`: nothing comes at the moment; `problem` says why when it was tried before.
 * - `streaming`: what the server commits is here at once.
 */
export type ReceiverState = 'connecting' | 'streaming' | 'stopped';

/**
 * - `awaited`: the last COMMIT was answered only once it was here.
 * - `degraded`: the server has semi-synchronous replication and did not wait for us; while old transactions are caught
 *   up with, too.
 * - `absent`: it has not got it.
 */
export type SemiSync = 'awaited' | 'degraded' | 'absent';

/** What the receiver says of itself, for `status`, metrics and checks. Times are ISO 8601, empty when never. */
export interface ReceiverStatus {
  readonly state: ReceiverState;
  readonly problem: string;
  readonly semiSync: SemiSync;
  readonly epoch: number;
  readonly file: string;
  readonly offset: number;
  /** Transactions synced since the receiver started. */
  readonly transactions: number;
  readonly reconnects: number;
  /** Of the last transaction on this disk: when the server committed it, and when it was synced here. */
  readonly lastCommittedAt: string;
  readonly lastSyncedAt: string;
  /** Everything that was committed before is here: the server was heard and had no more to say. */
  readonly caughtUpAt: string;
  readonly writtenAt: string;
}

export const FIRST_STATUS: ReceiverStatus = {
  state: 'connecting',
  problem: '',
  semiSync: 'absent',
  epoch: 0,
  file: '',
  offset: 0,
  transactions: 0,
  reconnects: 0,
  lastCommittedAt: '',
  lastSyncedAt: '',
  caughtUpAt: '',
  writtenAt: '',
};

/** What is committed is here at once; where the server can wait for that, it does. */
export function isWaitedFor({ state, semiSync }: ReceiverStatus): boolean {
  return state === 'streaming' && semiSync !== 'degraded';
}

export function writeStatus(root: string, status: ReceiverStatus, nowMs: number): void {
  const text = `${JSON.stringify({ ...status, writtenAt: isoTime(nowMs) }, null, 2)}\n`;
  writeFileAtomic(join(root, STATUS_FILE), text, 0o600);
}

/** Undefined before the receiver's first start. Throws `stateUnusable` for a damaged file. */
export async function readStatus(root: string): Promise<ReceiverStatus | undefined> {
  const path = join(root, STATUS_FILE);
  try {
    const hint = `remove it, the receiver writes it anew: rm '${path}'`;
    return statusOf(readJson(await readFile(path), { what: path, code: 'stateUnusable', hint }));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function statusOf(json: JsonReader): ReceiverStatus {
  const [state, semiSync] = [json.text('state'), json.text('semiSync')];
  return {
    state: state === 'streaming' || state === 'stopped' ? state : 'connecting',
    problem: json.text('problem'),
    semiSync: semiSync === 'awaited' || semiSync === 'degraded' ? semiSync : 'absent',
    epoch: json.whole('epoch'),
    file: json.text('file'),
    offset: json.whole('offset'),
    transactions: json.whole('transactions'),
    reconnects: json.whole('reconnects'),
    lastCommittedAt: json.text('lastCommittedAt'),
    lastSyncedAt: json.text('lastSyncedAt'),
    caughtUpAt: json.text('caughtUpAt'),
    writtenAt: json.text('writtenAt'),
  };
}
