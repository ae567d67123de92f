import { OmpayError } from '../../../core/errors.ts';
import { type Gtid, type GtidInterval, type GtidSet, NO_GTIDS, unionOf } from '../gtid-set.ts';
import { readGtidList } from './mariadb-event.ts';

/** libs/mysql/binlog/event/binlog_event.h, `Log_event_type`: those that are looked at. From 160 on they are MariaDB's. */
export const EVENT = {
  query: 2,
  stop: 3,
  rotate: 4,
  formatDescription: 15,
  xid: 16,
  heartbeat: 27,
  gtid: 33,
  anonymousGtid: 34,
  previousGtids: 35,
  xaPrepare: 38,
  heartbeatV2: 41,
  taggedGtid: 42,
  checkpoint: 161,
  mariadbGtid: 162,
  mariadbGtidList: 163,
} as const;

/** Begins each file, before its first event. */
export const MAGIC = Buffer.from([0xfe, 0x62, 0x69, 0x6e]);
export const HEADER_BYTES = 19;
export const CHECKSUM_BYTES = 4;
/** Where the flags of a header are; bit 0 of a format description says that the server has the file open. */
export const FLAGS_OFFSET = 17;
export const IN_USE_FLAG = 0x1;

/** The 19 bytes before each event (MySQL internals, "Binlog event header"). */
export interface EventHeader {
  /** Seconds since the epoch: when the statement that wrote it began. */
  readonly beganAtS: number;
  readonly type: number;
  readonly serverId: number;
  /** With the header and the checksum. */
  readonly sizeBytes: number;
  /** Where the event ends in its file; 0 of one that is in no file. 32 bits: wraps in files over 4 GiB. */
  readonly endPosition: number;
}

export interface BinlogEvent {
  readonly header: EventHeader;
  /** Without header and checksum: whole for the types of `EVENT`, empty for others. */
  readonly body: Buffer;
}

export function readHeader(bytes: Buffer): EventHeader {
  return {
    beganAtS: bytes.readUInt32LE(0),
    type: bytes.readUInt8(4),
    serverId: bytes.readUInt32LE(5),
    sizeBytes: bytes.readUInt32LE(9),
    endPosition: bytes.readUInt32LE(13),
  };
}

/** Sent by the server about itself; no part of any file. */
export function isInNoFile({ type, endPosition }: EventHeader): boolean {
  return endPosition === 0 || type === EVENT.heartbeat || type === EVENT.heartbeatV2;
}

/** The file that goes on, and where. */
export function readRotate({ body }: BinlogEvent): { readonly name: string; readonly position: number } {
  return { name: body.toString('utf8', 8), position: Number(body.readBigUInt64LE(0)) };
}

const CHECKSUM_CRC32 = 1;

/** Throws `stateUnusable` when the server writes its log without checksums. */
export function assertChecksummed({ body }: BinlogEvent): void {
  if (body.readUInt8(body.length - 1) === CHECKSUM_CRC32) return;
  throw new OmpayError('stateUnusable', 'the binary log has no checksums', {
    hint: 'set binlog_checksum=CRC32 in my.cnf of the database host and restart it',
  });
}

export interface GtidEvent {
  readonly gtid: Gtid;
  /** When it was committed on the server that wrote this log, milliseconds since the epoch, with microseconds. */
  readonly committedAtMs: number;
  /** Of the whole transaction, with this event. */
  readonly sizeBytes: number;
}

const COMMIT_TIME_OFFSET = 42;
/** Of the 7 bytes of a commit time, the highest bit says that the original server's follows. */
const HAS_ORIGINAL_TIME = 0x80;

/**
 * flags 1, source 16, number 8, type 1, last committed 8, sequence 8, commit time 7 (µs), perhaps the original's 7,
 * size of the transaction (libs/mysql/binlog/event/control_events.h, `Gtid_event`; since MySQL 8.0.2).
 */
export function readGtid({ body }: BinlogEvent): GtidEvent {
  const source = uuidText(body.subarray(1, 17));
  const number = Number(body.readBigUInt64LE(17));
  const high = body.readUInt8(COMMIT_TIME_OFFSET + 6);
  const low = body.readUIntLE(COMMIT_TIME_OFFSET, 6);
  const committedAtUs = low + (high & ~HAS_ORIGINAL_TIME) * 2 ** 48;
  const lengthOffset = COMMIT_TIME_OFFSET + 7 + ((high & HAS_ORIGINAL_TIME) === 0 ? 0 : 7);
  return {
    gtid: { source, number },
    committedAtMs: committedAtUs / 1000,
    sizeBytes: readPackedLength(body, lengthOffset),
  };
}

/** A length of MySQL's protocol: one byte, or a mark and 2, 3 or 8 bytes. */
function readPackedLength(bytes: Buffer, offset: number): number {
  const first = bytes.readUInt8(offset);
  if (first < 0xfb) return first;
  if (first === 0xfc) return bytes.readUInt16LE(offset + 1);
  if (first === 0xfd) return bytes.readUIntLE(offset + 1, 3);
  return Number(bytes.readBigUInt64LE(offset + 1));
}

const SOURCE_BYTES = 16;

/** Whether the event says what was committed before its file. */
export function isOfPrevious({ header: { type } }: BinlogEvent): boolean {
  return type === EVENT.previousGtids || type === EVENT.mariadbGtidList;
}

export function readPrevious(event: BinlogEvent): GtidSet {
  return event.header.type === EVENT.mariadbGtidList ? readGtidList(event) : readPreviousGtids(event);
}

/** What was committed before a file's first transaction: count, then per source its UUID and half-open intervals. */
export function readPreviousGtids({ body }: BinlogEvent): GtidSet {
  // The highest byte of the count tells the format; sets with tags have another one.
  if (body.readUInt8(7) !== 0) throw taggedGtids();
  let set = NO_GTIDS;
  let offset = 8;
  for (let left = body.readUInt32LE(0); left > 0; left -= 1) {
    const source = uuidText(body.subarray(offset, offset + SOURCE_BYTES));
    const intervalCount = Number(body.readBigUInt64LE(offset + SOURCE_BYTES));
    offset += SOURCE_BYTES + 8;
    const intervals: GtidInterval[] = [];
    for (let read = 0; read < intervalCount; read += 1, offset += 16) {
      const first = Number(body.readBigUInt64LE(offset));
      intervals.push({ first, last: Number(body.readBigUInt64LE(offset + 8)) - 1 });
    }
    set = unionOf(set, new Map([[source, intervals]]));
  }
  return set;
}

export function taggedGtids(): OmpayError {
  return new OmpayError('stateUnusable', 'the binary log holds tagged GTIDs, which are not known here', {
    hint: 'leave gtid_next at AUTOMATIC, without a tag, then RESET BINARY LOGS AND GTIDS in an hour without traffic',
  });
}

function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
