import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { OmpayError } from '../../../core/errors.ts';
import { parseLsn, serverUuidOf } from '../../pglite/control.ts';
import type { PostgresSession } from '../session.ts';
import { SEGMENT_BYTES } from './segments.ts';

/** What `synchronous_standby_names` of the server has to name for it to wait. */
export const RECEIVER_NAME = 'ompay_receiver';

export interface WalServer {
  readonly serverUuid: string;
  readonly timeline: number;
  /** The end of what it wrote to its disk. */
  readonly flushedLsn: bigint;
  /** It had thrown away log that our slot held (max_slot_wal_keep_size). */
  readonly hasLost: boolean;
}

/** One receiver has one slot: the same at each start, another for another folder or machine. */
export function slotName(root: string): string {
  const digest = createHash('sha256').update(`${hostname()}:${root}`).digest('hex');
  return `${RECEIVER_NAME}_${digest.slice(0, 12)}`;
}

/** Asks who the server is, and makes the slot that keeps its log for us. Throws `configInvalid`, `databaseUnavailable`. */
export async function prepareServer(session: PostgresSession, slot: string): Promise<WalServer> {
  const [isStandby, segmentBytes] = await session.values(
    "select pg_is_in_recovery(), (select setting::bigint from pg_settings where name = 'wal_segment_size')",
  );
  if (isStandby === 't') throw standby();
  if (Number(segmentBytes) !== SEGMENT_BYTES) throw otherSegments(segmentBytes ?? '');
  const hasLost = await ensureSlot(session, slot);
  const [identifier = '', file = '', flushed = ''] = await session.values(
    'select system_identifier::text, pg_walfile_name(pg_current_wal_lsn()), pg_current_wal_flush_lsn() from pg_control_system()',
  );
  return {
    serverUuid: serverUuidOf(BigInt(identifier)),
    timeline: Number.parseInt(file.slice(0, 8), 16),
    flushedLsn: parseLsn(flushed),
    hasLost,
  };
}

/** Reserved at once, so that nothing is thrown away before the first byte was asked for. */
async function ensureSlot(session: PostgresSession, slot: string): Promise<boolean> {
  const [found] =
    (await session.rows('select wal_status from pg_replication_slots where slot_name = $1', [slot])) ?? [];
  const hasLost = found?.wal_status === 'lost';
  if (hasLost) await session.rows('select pg_drop_replication_slot($1)::text', [slot]);
  if (found === undefined || hasLost)
    await session.values('select pg_create_physical_replication_slot($1, true)::text', [slot]);
  return hasLost;
}

export interface WalProgress {
  /** The receiver reads from our slot. */
  readonly isActive: boolean;
  /** False also where the account may not see it (pg_read_all_stats). */
  readonly isAwaited: boolean;
  /** What it confirmed to have on its disk. */
  readonly receivedLsn: bigint;
  readonly flushedLsn: bigint;
}

/** How far the receiver is by the server's account: what it confirms moves the slot. */
export async function readProgress(session: PostgresSession, slot: string): Promise<WalProgress> {
  const [flushed = '', pid = '', received = '', syncState = ''] = await session.values(
    `select pg_current_wal_flush_lsn(), s.active_pid, s.restart_lsn, r.sync_state from (select 1) one
      left join pg_replication_slots s on s.slot_name = $1 left join pg_stat_replication r on r.pid = s.active_pid`,
    [slot],
  );
  return {
    isActive: pid !== '',
    isAwaited: syncState === 'sync' || syncState === 'quorum',
    receivedLsn: received === '' ? 0n : parseLsn(received),
    flushedLsn: parseLsn(flushed),
  };
}

function standby(): OmpayError {
  return new OmpayError('configInvalid', "the server is a standby: its log is the primary's", {
    hint: 'name the primary in database.host of ompay.yml',
  });
}

function otherSegments(bytes: string): OmpayError {
  return new OmpayError('configInvalid', `the server's wal_segment_size is ${bytes} bytes, not 16 MB`, {
    hint: 'its log is not received: docs/postgres-backup.md ("Limits")',
  });
}
