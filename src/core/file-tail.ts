import { fstatSync, readSync } from 'node:fs';

export interface FileTail {
  readonly text: string;
  /** Whether it is the whole file; else its first line is perhaps cut, and its first character too. */
  readonly isAll: boolean;
}

/** The newest `maxBytes` of an open file, as UTF-8, however long it is. Throws what the system throws. */
export function readFileTail(descriptor: number, maxBytes: number): FileTail {
  const sizeBytes = fstatSync(descriptor).size;
  const from = Math.max(0, sizeBytes - maxBytes);
  const bytes = Buffer.alloc(sizeBytes - from);
  readSync(descriptor, bytes, 0, bytes.length, from);
  return { text: bytes.toString('utf8'), isAll: from === 0 };
}
