import { crc32 } from 'node:zlib';
import {
  type BinlogEvent,
  CHECKSUM_BYTES,
  EVENT,
  type EventHeader,
  FLAGS_OFFSET,
  HEADER_BYTES,
  IN_USE_FLAG,
  readHeader,
} from './event.ts';

/** Bytes that are no events: torn, changed, or something else. */
export class BinlogFault extends Error {
  override readonly name = 'BinlogFault';
}

export interface EventSink {
  /** Bytes of an event whose header is known, in order; what they say is not yet checked. */
  readonly onBytes?: (header: EventHeader, bytes: Buffer) => void;
  /** The event is whole and its checksum right. */
  readonly onEvent: (event: BinlogEvent) => void;
}

/** Kept whole in memory. A set of previous GTIDs with a million gaps has 16 MB; MySQL's own packets end at 1 GB. */
const KEPT_TYPES: ReadonlySet<number> = new Set(Object.values(EVENT));
const MAX_KEPT_BYTES = 64 * 1024 * 1024;
/** A statement that commits is short; of others nothing is looked at. */
const MAX_STATEMENT_BYTES = 4096;

interface OpenEvent {
  readonly header: EventHeader;
  readonly isKept: boolean;
  readonly kept: Buffer[];
  readonly checksum: Buffer[];
  crc: number;
  /** Still to come, with the checksum. */
  leftBytes: number;
}

/** Cuts bytes into events however they come, and checks each one's CRC32; an event of a gigabyte takes no memory. */
export class EventScanner {
  readonly #sink: EventSink;
  #head = Buffer.alloc(0);
  #open: OpenEvent | undefined;

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  /** No event is half read. */
  get isBetweenEvents(): boolean {
    return this.#open === undefined && this.#head.length === 0;
  }

  /** Throws BinlogFault; the scanner is of no use afterwards. */
  push(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0) {
      rest = this.#open === undefined ? this.#takeHeader(rest) : this.#takeBody(this.#open, rest);
    }
  }

  #takeHeader(bytes: Buffer): Buffer {
    const missing = HEADER_BYTES - this.#head.length;
    this.#head = Buffer.concat([this.#head, bytes.subarray(0, missing)]);
    if (this.#head.length < HEADER_BYTES) return bytes.subarray(missing);
    const head = this.#head;
    const header = readHeader(head);
    const isLong = header.type === EVENT.query && header.sizeBytes > MAX_STATEMENT_BYTES;
    const isKept = KEPT_TYPES.has(header.type) && !isLong;
    if (header.sizeBytes < HEADER_BYTES + CHECKSUM_BYTES || (isKept && header.sizeBytes > MAX_KEPT_BYTES)) {
      throw new BinlogFault(`an event of type ${header.type} claims ${header.sizeBytes} bytes`);
    }
    this.#head = Buffer.alloc(0);
    const leftBytes = header.sizeBytes - HEADER_BYTES;
    this.#open = { header, isKept, kept: [], checksum: [], crc: crc32(checkedHead(header, head)), leftBytes };
    this.#sink.onBytes?.(header, head);
    return bytes.subarray(missing);
  }

  #takeBody(open: OpenEvent, bytes: Buffer): Buffer {
    const taken = bytes.subarray(0, open.leftBytes);
    const bodyBytes = Math.max(0, Math.min(taken.length, open.leftBytes - CHECKSUM_BYTES));
    const body = taken.subarray(0, bodyBytes);
    open.crc = crc32(body, open.crc);
    if (open.isKept) open.kept.push(body);
    if (taken.length > bodyBytes) open.checksum.push(taken.subarray(bodyBytes));
    open.leftBytes -= taken.length;
    this.#sink.onBytes?.(open.header, taken);
    if (open.leftBytes === 0) this.#close(open);
    return bytes.subarray(taken.length);
  }

  #close({ header, kept, checksum, crc }: OpenEvent): void {
    const written = Buffer.concat(checksum).readUInt32LE(0);
    if (written !== crc) {
      throw new BinlogFault(`an event of type ${header.type} at ${header.endPosition} has a wrong checksum`);
    }
    this.#open = undefined;
    this.#sink.onEvent({ header, body: Buffer.concat(kept) });
  }
}

/** The server counts a format description's checksum as if the file were closed, whatever its flag says. */
function checkedHead({ type }: EventHeader, head: Buffer): Buffer {
  if (type !== EVENT.formatDescription) return head;
  const closed = Buffer.from(head);
  closed.writeUInt8(closed.readUInt8(FLAGS_OFFSET) & ~IN_USE_FLAG, FLAGS_OFFSET);
  return closed;
}
