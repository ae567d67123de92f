import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '../../../core/errors.ts';
import { readJson } from '../../../core/json.ts';
import { FIRST_STATUS, type ReceiverStatus } from '../../mysql/binlog/status.ts';

/**
 * What the receiver of PostgreSQL's log says of itself: what every receiver says, with `semiSync` for `sync_state` of
 * pg_stat_replication (`awaited`: sync or quorum; `absent`: the server does not wait for it).
 */
export interface WalStatus extends ReceiverStatus {
  /** Up to here the log is on this disk; empty before the first byte. */
  readonly receivedLsn: string;
}

export const FIRST_WAL_STATUS: WalStatus = { ...FIRST_STATUS, receivedLsn: '' };

/** Of the newest epoch; the rest is read as every receiver's. Empty when never received. */
export async function readReceivedLsn(root: string): Promise<{ epoch: number; receivedLsn: string }> {
  const path = join(root, 'status.json');
  try {
    const hint = `remove it, the receiver writes it anew: rm '${path}'`;
    const json = readJson(await readFile(path), { what: path, code: 'stateUnusable', hint });
    return { epoch: json.whole('epoch'), receivedLsn: json.text('receivedLsn') };
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return { epoch: 0, receivedLsn: '' };
    throw error;
  }
}
