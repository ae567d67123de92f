import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from '../../../core/errors.ts';
import { syncFolder } from '../../../core/files.ts';
import { MAGIC } from './event.ts';
import type { SegmentScan } from './segment.ts';

/** The server sends other bytes than those that were received before: its history is another one. */
export class Divergence extends Error {
  override readonly name = 'Divergence';
}

/** Writes one file of the log. What is there already is compared with what comes, never written again. */
export class SegmentWriter {
  readonly #file: FileHandle;
  readonly #path: string;
  #offset: number;
  #heldBytes: number;

  private constructor(file: FileHandle, path: string, from: { offset: number; heldBytes: number }) {
    this.#file = file;
    this.#path = path;
    this.#offset = from.offset;
    this.#heldBytes = from.heldBytes;
  }

  /** Throws Divergence when the file is there. */
  static async create(path: string): Promise<SegmentWriter> {
    let file: FileHandle;
    try {
      file = await open(path, 'wx+', 0o600);
    } catch (error) {
      throw systemCodeOf(error) === 'EEXIST' ? new Divergence(`${path} was received before`) : error;
    }
    return SegmentWriter.#begun(file, path);
  }

  /** To go on at `scan.lastStart`. A torn end is kept beside the file before it is cut off. */
  static async resume(path: string, scan: SegmentScan): Promise<SegmentWriter> {
    const file = await open(path, 'r+');
    if (scan.sizeBytes > scan.validBytes) {
      await keepTorn(file, path, scan);
      await file.truncate(scan.validBytes);
      await file.sync();
    }
    if (scan.validBytes === 0) return SegmentWriter.#begun(file, path);
    return new SegmentWriter(file, path, { offset: scan.lastStart, heldBytes: scan.validBytes });
  }

  static async #begun(file: FileHandle, path: string): Promise<SegmentWriter> {
    await file.write(MAGIC, 0, MAGIC.length, 0);
    await file.sync();
    syncFolder(dirname(path));
    return new SegmentWriter(file, path, { offset: MAGIC.length, heldBytes: MAGIC.length });
  }

  /** Where the next byte goes. */
  get offset(): number {
    return this.#offset;
  }

  /** Throws Divergence, and what the disk refuses; then some of the bytes may be there. */
  async write(bytes: Buffer): Promise<void> {
    let rest = bytes;
    if (this.#offset < this.#heldBytes) {
      const held = rest.subarray(0, this.#heldBytes - this.#offset);
      await this.#compare(held);
      rest = rest.subarray(held.length);
    }
    while (rest.length > 0) {
      const { bytesWritten } = await this.#file.write(rest, 0, rest.length, this.#offset);
      this.#offset += bytesWritten;
      rest = rest.subarray(bytesWritten);
    }
  }

  /** Throws Divergence when the server has gone past what is held here without sending it. */
  assertPassed(): void {
    if (this.#offset < this.#heldBytes) {
      throw new Divergence(`the server's ${this.#path} ends at ${this.#offset}, here at ${this.#heldBytes}`);
    }
  }

  sync(): Promise<void> {
    return this.#file.datasync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #compare(bytes: Buffer): Promise<void> {
    const held = Buffer.alloc(bytes.length);
    await this.#file.read(held, 0, held.length, this.#offset);
    if (!held.equals(bytes)) throw new Divergence(`the server's ${this.#path} differs after ${this.#offset}`);
    this.#offset += bytes.length;
  }
}

const COPY_BYTES = 1024 * 1024;

async function keepTorn(file: FileHandle, path: string, scan: SegmentScan): Promise<void> {
  const aside = await openAside(path);
  try {
    const chunk = Buffer.alloc(COPY_BYTES);
    for (let offset = scan.validBytes; offset < scan.sizeBytes; ) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, offset);
      if (bytesRead === 0) break;
      await aside.writeFile(chunk.subarray(0, bytesRead));
      offset += bytesRead;
    }
    await aside.sync();
  } finally {
    await aside.close();
  }
}

const MOST_TORN = 1000;

async function openAside(path: string): Promise<FileHandle> {
  for (let number = 1; number <= MOST_TORN; number += 1) {
    try {
      return await open(`${path}.torn-${number}`, 'wx', 0o600);
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
    }
  }
  throw new Error(`${path} was torn ${MOST_TORN} times: its disk loses what it was given`);
}
