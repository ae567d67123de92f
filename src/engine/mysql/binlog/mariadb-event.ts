import { type Gtid, type GtidSet, NO_GTIDS, withGtid } from '../gtid-set.ts';
import type { BinlogEvent } from './event.ts';

/** MariaDB's `Gtid_log_event::FL_STANDALONE`: one statement that commits itself. */
const STANDALONE = 0x1;

export interface MariadbGtidEvent {
  readonly gtid: Gtid;
  /** Ends with the statement's own event; else with one that commits. */
  readonly isStandalone: boolean;
}

/** number 8, domain 4, flags 1, perhaps the group's commit 8 (sql/log_event.h); the server is the header's. */
export function readMariadbGtid({ header, body }: BinlogEvent): MariadbGtidEvent {
  const source = String(body.readUInt32LE(8));
  const number = Number(body.readBigUInt64LE(0));
  return {
    gtid: { source, number, server: header.serverId },
    isStandalone: (body.readUInt8(12) & STANDALONE) !== 0,
  };
}

const ENTRY_BYTES = 16;

/** count 4 (of which 28 bits), then of each domain and server: domain 4, server 4, number 8. */
export function readGtidList({ body }: Pick<BinlogEvent, 'body'>): GtidSet {
  const count = body.readUInt32LE(0) & 0xfff_ffff;
  let set = NO_GTIDS;
  for (let offset = 4; offset < 4 + count * ENTRY_BYTES; offset += ENTRY_BYTES) {
    const source = String(body.readUInt32LE(offset));
    const number = Number(body.readBigUInt64LE(offset + 8));
    if (number > 0) set = withGtid(set, { source, number, server: body.readUInt32LE(offset + 4) });
  }
  return set;
}

/** Those that stand before the statement that they belong to: INTVAR, RAND, USER_VAR, TABLE_MAP, ANNOTATE_ROWS. */
const BEFORE_STATEMENT: ReadonlySet<number> = new Set([5, 13, 14, 19, 160]);
const XID = 16;
const XA_PREPARE = 38;
const QUERY = 2;
const COMMITTING = /^(?:COMMIT|ROLLBACK)$|^XA (?:COMMIT|ROLLBACK)\b/i;

/** Whether a transaction ends with the event; as MariaDB's own replicas tell it (`is_group_ending`). */
export function endsTransaction(event: BinlogEvent, isStandalone: boolean): boolean {
  const { type } = event.header;
  if (isStandalone) return !BEFORE_STATEMENT.has(type);
  return type === XID || type === XA_PREPARE || (type === QUERY && COMMITTING.test(statementOf(event)));
}

/** thread 4, seconds 4, length of the database's name 1, error 2, length of variables 2, variables, name, 0, statement. */
function statementOf({ body }: BinlogEvent): string {
  if (body.length < 13) return '';
  return body.toString('latin1', 13 + body.readUInt16LE(11) + body.readUInt8(8) + 1);
}
