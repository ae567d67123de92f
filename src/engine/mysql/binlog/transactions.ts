import type { Gtid } from '../gtid-set.ts';
import { type BinlogEvent, EVENT, readGtid, taggedGtids } from './event.ts';
import { endsTransaction, readMariadbGtid } from './mariadb-event.ts';
import { BinlogFault } from './scanner.ts';

/** One transaction and its place in a file of the log. */
export interface Transaction {
  readonly gtid: Gtid;
  /** Bytes from the file's beginning: its first byte, and the first after it. */
  readonly startOffset: number;
  readonly endOffset: number;
  /** Milliseconds since the epoch, with microseconds; of MariaDB the second in which its last statement began. */
  readonly committedAtMs: number;
}

/** Events that stand between transactions. */
const OUTSIDE: ReadonlySet<number> = new Set([
  EVENT.stop,
  EVENT.rotate,
  EVENT.formatDescription,
  EVENT.previousGtids,
  EVENT.mariadbGtidList,
  EVENT.checkpoint,
]);

/** Tells where transactions end: MySQL's GTID event says how long its transaction is, MariaDB's ends with what commits. */
export class TransactionReader {
  #open: Transaction | undefined;
  #isStandalone = false;

  /** A transaction has begun and is not whole. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** The whole transaction that the event ends, if it ends one. Throws BinlogFault, `stateUnusable` for tagged GTIDs. */
  push(event: BinlogEvent, endOffset: number): Transaction | undefined {
    const { type, sizeBytes } = event.header;
    const isOutside = OUTSIDE.has(type);
    const isOpening = type === EVENT.gtid || type === EVENT.mariadbGtid;
    if (type === EVENT.taggedGtid) throw taggedGtids();
    if (type === EVENT.anonymousGtid)
      throw new BinlogFault(`a transaction without GTID ends at ${endOffset}`);
    if ((this.#open === undefined) !== (isOutside || isOpening)) {
      throw new BinlogFault(`an event of type ${type} that ends at ${endOffset} is out of place`);
    }
    if (isOutside) return undefined;
    if (type === EVENT.mariadbGtid) return this.#opened(event, endOffset);
    if (isOpening) {
      const { gtid, committedAtMs, sizeBytes: wholeBytes } = readGtid(event);
      const startOffset = endOffset - sizeBytes;
      this.#open = { gtid, committedAtMs, startOffset, endOffset: startOffset + wholeBytes };
    }
    const isMariadb = this.#open?.gtid.server !== undefined;
    return isMariadb ? this.#closedBy(event, endOffset) : this.#closed(endOffset);
  }

  #opened(event: BinlogEvent, endOffset: number): undefined {
    const { gtid, isStandalone } = readMariadbGtid(event);
    const { sizeBytes, beganAtS } = event.header;
    this.#open = { gtid, committedAtMs: beganAtS * 1000, startOffset: endOffset - sizeBytes, endOffset };
    this.#isStandalone = isStandalone;
  }

  #closedBy(event: BinlogEvent, endOffset: number): Transaction | undefined {
    const open = this.#open;
    if (open === undefined || !endsTransaction(event, this.#isStandalone)) return undefined;
    this.#open = undefined;
    return { ...open, endOffset };
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
