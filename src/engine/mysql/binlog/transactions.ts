import type { Gtid } from '../gtid-set.ts';
import { type BinlogEvent, EVENT, readGtid, taggedGtids } from './event.ts';
import { BinlogFault } from './scanner.ts';

/** One transaction and its place in a file of the log. */
export interface Transaction {
  readonly gtid: Gtid;
  /** Bytes from the file's beginning: its first byte, and the first after it. */
  readonly startOffset: number;
  readonly endOffset: number;
  /** Milliseconds since the epoch, with microseconds. */
  readonly committedAtMs: number;
}

/** Events that stand between transactions. */
const OUTSIDE: ReadonlySet<number> = new Set([
  EVENT.stop,
  EVENT.rotate,
  EVENT.formatDescription,
  EVENT.previousGtids,
]);

/** Tells where transactions end: the GTID event that opens one says how long it is. */
export class TransactionReader {
  #open: Transaction | undefined;

  /** A transaction has begun and is not whole. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** The whole transaction that the event ends, if it ends one. Throws BinlogFault, `stateUnusable` for tagged GTIDs. */
  push(event: BinlogEvent, endOffset: number): Transaction | undefined {
    const { type, sizeBytes } = event.header;
    const isOutside = OUTSIDE.has(type);
    const isOpening = type === EVENT.gtid;
    if (type === EVENT.taggedGtid) throw taggedGtids();
    if (type === EVENT.anonymousGtid)
      throw new BinlogFault(`a transaction without GTID ends at ${endOffset}`);
    if ((this.#open === undefined) !== (isOutside || isOpening)) {
      throw new BinlogFault(`an event of type ${type} that ends at ${endOffset} is out of place`);
    }
    if (isOutside) return undefined;
    if (isOpening) {
      const { gtid, committedAtMs, sizeBytes: wholeBytes } = readGtid(event);
      const startOffset = endOffset - sizeBytes;
      this.#open = { gtid, committedAtMs, startOffset, endOffset: startOffset + wholeBytes };
    }
    return this.#closed(endOffset);
  }

  #closed(endOffset: number): Transaction | undefined {
    const open = this.#open;
    if (open === undefined || endOffset < open.endOffset) return undefined;
    if (endOffset > open.endOffset)
      throw new BinlogFault(`a transaction is longer than it says, at ${endOffset}`);
    this.#open = undefined;
    return open;
  }
}
