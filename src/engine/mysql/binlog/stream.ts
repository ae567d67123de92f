import { join } from 'node:path';
import type { Piece } from '../wire/packets.ts';
import { DumpReader } from './dump.ts';
import { assertChecksummed, type BinlogEvent, EVENT, isInNoFile, MAGIC, readRotate } from './event.ts';
import { BinlogFault } from './scanner.ts';
import { segmentNumber } from './segment.ts';
import { Divergence, SegmentWriter } from './segment-writer.ts';
import { type Transaction, TransactionReader } from './transactions.ts';

/** What one batch of bytes brought, all of it on the disk. */
export interface Synced {
  readonly transactions: readonly Transaction[];
  /** The last place that a client's COMMIT waits for. */
  readonly awaited: { readonly file: string; readonly position: number } | undefined;
  /** The server said that it has no more at the moment. */
  readonly isCaughtUp: boolean;
  /** Every transaction of the batch was waited for. */
  readonly isAwaited: boolean;
}

type Action =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'event'; readonly event: BinlogEvent }
  | { readonly kind: 'awaited' };

/** Writes what a dump sends into the files of one epoch. One for each connection; after an error it is of no use. */
export class LogStream {
  readonly #folder: string;
  readonly #reader: DumpReader;
  readonly #transactions = new TransactionReader();
  #actions: Action[] = [];
  #file: string;
  #writer: SegmentWriter;
  #unwritten: Buffer[] = [];
  #offset: number;

  constructor(folder: string, file: string, writer: SegmentWriter) {
    this.#folder = folder;
    this.#file = file;
    this.#writer = writer;
    this.#offset = writer.offset;
    this.#reader = new DumpReader({
      onBytes: (header, bytes) => {
        if (!isInNoFile(header)) this.#actions.push({ kind: 'bytes', bytes });
      },
      onEvent: (event) => this.#actions.push({ kind: 'event', event }),
      onAwaited: () => this.#actions.push({ kind: 'awaited' }),
    });
  }

  get file(): string {
    return this.#file;
  }

  get offset(): number {
    return this.#offset;
  }

  get isSemiSync(): boolean {
    return this.#reader.isSemiSync;
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  /** Writes the pieces and syncs. Throws BinlogFault, WireError, Divergence, and what the disk refuses. */
  async take(pieces: readonly Piece[]): Promise<Synced> {
    let refusal: unknown;
    try {
      for (const piece of pieces) this.#reader.push(piece);
    } catch (error) {
      // What came whole before it is kept.
      refusal = error;
    }
    const synced = await this.#apply();
    if (refusal !== undefined) throw refusal;
    return synced;
  }

  async #apply(): Promise<Synced> {
    const transactions: Transaction[] = [];
    let awaited: Synced['awaited'];
    let awaitedCount = 0;
    let isCaughtUp = false;
    const actions = this.#actions;
    this.#actions = [];
    for (const action of actions) {
      if (action.kind === 'bytes') this.#unwritten.push(action.bytes);
      else if (action.kind === 'awaited') {
        awaited = { file: this.#file, position: this.#offset };
        awaitedCount += 1;
      } else {
        const { event } = action;
        const transaction = await this.#note(event);
        if (transaction !== undefined) transactions.push(transaction);
        isCaughtUp = event.header.type === EVENT.heartbeat || event.header.type === EVENT.heartbeatV2;
      }
    }
    await this.#flush();
    return { transactions, awaited, isCaughtUp, isAwaited: awaitedCount > 0 };
  }

  async #note(event: BinlogEvent): Promise<Transaction | undefined> {
    const { type, sizeBytes, endPosition } = event.header;
    if (isInNoFile(event.header)) {
      if (type === EVENT.rotate) await this.#enter(readRotate(event));
      return undefined;
    }
    this.#offset += sizeBytes;
    if (this.#offset % 2 ** 32 !== endPosition) {
      throw new BinlogFault(`an event of ${this.#file} ends at ${endPosition}, here at ${this.#offset}`);
    }
    if (type === EVENT.formatDescription) assertChecksummed(event);
    return this.#transactions.push(event, this.#offset);
  }

  /** The server says which file comes now, also the one that it was asked for. */
  async #enter({ name, position }: { readonly name: string; readonly position: number }): Promise<void> {
    if (name === this.#file) return;
    const [from, to] = [segmentNumber(this.#file), segmentNumber(name)];
    if (from === undefined || to !== from + 1 || position !== MAGIC.length || this.#transactions.isOpen) {
      throw new Divergence(`after ${this.#file} the server sends ${name} from ${position}`);
    }
    await this.#flush();
    this.#writer.assertPassed();
    const next = await SegmentWriter.create(join(this.#folder, name));
    await this.#writer.close();
    this.#writer = next;
    this.#file = name;
    this.#offset = next.offset;
  }

  async #flush(): Promise<void> {
    if (this.#unwritten.length === 0) return;
    const bytes = Buffer.concat(this.#unwritten);
    this.#unwritten = [];
    await this.#writer.write(bytes);
    await this.#writer.sync();
  }
}
