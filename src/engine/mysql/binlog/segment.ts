import { open } from 'node:fs/promises';
import { systemCodeOf } from '../../../core/errors.ts';
import { type GtidSet, NO_GTIDS, unionOf, withGtid } from '../gtid-set.ts';
import {
  assertChecksummed,
  type BinlogEvent,
  EVENT,
  type EventHeader,
  isOfPrevious,
  MAGIC,
  readPrevious,
  readRotate,
} from './event.ts';
import { BinlogFault, EventScanner } from './scanner.ts';
import { type Transaction, TransactionReader } from './transactions.ts';

const CHUNK_BYTES = 1024 * 1024;
/** A set of GTIDs over 60 kB has thousands of gaps. */
const HEAD_BYTES = 64 * 1024;

/** What one file of the log holds, read from its beginning to its end or to the first fault. */
export interface SegmentScan {
  readonly sizeBytes: number;
  /** Up to the last event that is whole and has the right checksum. */
  readonly validBytes: number;
  /** Up to the last whole transaction. */
  readonly wholeBytes: number;
  /** Where the last whole transaction begins; the first event of the file when there is none. */
  readonly lastStart: number;
  readonly previousGtids: GtidSet;
  /** Of the whole transactions in this file. */
  readonly gtids: GtidSet;
  readonly last: Transaction | undefined;
  /** The name of the file after this one, when the server said so in it. */
  readonly next: string | undefined;
  /** Nothing is to follow in this file. */
  readonly isClosed: boolean;
  /** What stands after `validBytes`, empty when the file ends there. */
  readonly fault: string;
}

type Progress = { -readonly [Key in keyof SegmentScan]: SegmentScan[Key] };

/** Reads a file of a binary log in bounded memory. Never throws for what the file holds; that is its `fault`. */
export async function scanSegment(
  path: string,
  onTransaction: (transaction: Transaction) => void = () => {},
): Promise<SegmentScan> {
  const progress = emptyScan();
  const transactions = new TransactionReader();
  let seen: EventHeader | undefined;
  const scanner = new EventScanner({
    onBytes: (header) => {
      // Each event says where it ends: a size that was changed does not look like an event that is not whole.
      if (header !== seen) assertInPlace(header, progress.validBytes);
      seen = header;
    },
    onEvent: (event) => note(progress, event, transactions, onTransaction),
  });
  try {
    await readAll(path, progress, scanner);
    if (!scanner.isBetweenEvents) progress.fault = 'the last event is not whole';
  } catch (error) {
    if (!(error instanceof BinlogFault)) throw error;
    progress.fault = error.message;
  }
  return progress;
}

function assertInPlace({ type, sizeBytes, endPosition }: EventHeader, offset: number): void {
  if ((offset + sizeBytes) % 2 ** 32 === endPosition) return;
  throw new BinlogFault(
    `an event of type ${type} at ${offset} has ${sizeBytes} bytes and ends at ${endPosition}`,
  );
}

function emptyScan(): Progress {
  return {
    sizeBytes: 0,
    validBytes: 0,
    wholeBytes: 0,
    lastStart: MAGIC.length,
    previousGtids: NO_GTIDS,
    gtids: NO_GTIDS,
    last: undefined,
    next: undefined,
    isClosed: false,
    fault: '',
  };
}

async function readAll(path: string, progress: Progress, scanner: EventScanner): Promise<void> {
  const file = await open(path, 'r');
  try {
    progress.sizeBytes = (await file.stat()).size;
    const magic = Buffer.alloc(MAGIC.length);
    await file.read(magic, 0, MAGIC.length, 0);
    if (!magic.equals(MAGIC)) throw new BinlogFault('it does not begin as a binary log does');
    progress.validBytes = MAGIC.length;
    progress.wholeBytes = MAGIC.length;
    for (let offset = MAGIC.length; offset < progress.sizeBytes; ) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, progress.sizeBytes - offset));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, offset);
      if (bytesRead === 0) return;
      offset += bytesRead;
      scanner.push(chunk.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

function note(
  progress: Progress,
  event: BinlogEvent,
  transactions: TransactionReader,
  onTransaction: (transaction: Transaction) => void,
): void {
  const { type, sizeBytes } = event.header;
  if (progress.isClosed) throw new BinlogFault('events follow the end of the file');
  const endOffset = progress.validBytes + sizeBytes;
  const transaction = transactions.push(event, endOffset);
  if (type === EVENT.formatDescription) assertChecksummed(event);
  if (isOfPrevious(event)) progress.previousGtids = readPrevious(event);
  if (type === EVENT.rotate) progress.next = readRotate(event).name;
  progress.isClosed = type === EVENT.rotate || type === EVENT.stop;
  progress.validBytes = endOffset;
  if (transaction !== undefined) {
    progress.gtids = withGtid(progress.gtids, transaction.gtid);
    progress.last = transaction;
    progress.lastStart = transaction.startOffset;
    onTransaction(transaction);
  }
  if (!transactions.isOpen) progress.wholeBytes = endOffset;
}

/** All that was committed up to the end of a file. */
export function gtidsAfter({ previousGtids, gtids }: SegmentScan): GtidSet {
  return unionOf(previousGtids, gtids);
}

/** What was committed before a file, read from its first events alone; undefined when they are damaged. */
export async function previousGtidsOf(path: string): Promise<GtidSet | undefined> {
  let previous: GtidSet | undefined;
  const scanner = new EventScanner({
    onEvent: (event) => {
      if (isOfPrevious(event)) previous ??= readPrevious(event);
    },
  });
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    scanner.push(head.subarray(MAGIC.length, bytesRead));
  } catch (error) {
    // What follows that event is of no interest here.
    if (!(error instanceof BinlogFault)) throw error;
  } finally {
    await file.close();
  }
  return previous;
}

/** The number of `binlog.000123`; undefined of another name. */
export function segmentNumber(name: string): number | undefined {
  const digits = /\.(\d{6,10})$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Undefined when there is no such file. */
export async function scanIfThere(path: string): Promise<SegmentScan | undefined> {
  try {
    return await scanSegment(path);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
