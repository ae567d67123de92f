import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from '../../../core/files.ts';
import type { RingKey } from '../../auth/keys.ts';
import { GENESIS_HASH } from '../../ledger/house.ts';
import { anchorLine, type Heads, parseAnchorLine } from './line.ts';

/** One process writes it; several write several. */
export interface AnchorWriter {
  /** Durable when it returns. Throws the system's error. */
  append(heads: Heads): void;
  close(): void;
}

/** Longer than any line. */
const TAIL_BYTES = 4_096;

/**
 * Goes on where the file ends; an unfinished line, which a killed process left and nobody relied on, is cut off.
 * 0600; throws the system's error, and an Error when the last line is no anchor.
 */
export function openAnchorFile(path: string, key: RingKey): AnchorWriter {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const descriptor = openSync(path, 'a+', 0o600);
  let previous = GENESIS_HASH;
  try {
    previous = lastHash(descriptor, path);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  syncFolder(dirname(path));
  return {
    append(heads) {
      const line = anchorLine(heads, previous, key);
      writeSync(descriptor, `${JSON.stringify(line)}\n`);
      fsyncSync(descriptor);
      previous = line.hash;
    },
    close: () => closeSync(descriptor),
  };
}

function lastHash(descriptor: number, path: string): string {
  const { size: sizeBytes } = fstatSync(descriptor);
  const tail = Buffer.alloc(Math.min(TAIL_BYTES, sizeBytes));
  readSync(descriptor, tail, 0, tail.length, sizeBytes - tail.length);
  const end = tail.lastIndexOf('\n') + 1;
  if (end < tail.length) ftruncateSync(descriptor, sizeBytes - tail.length + end);
  if (end === 0) return GENESIS_HASH;
  const begin = tail.lastIndexOf('\n', end - 2) + 1;
  const line = parseAnchorLine(tail.toString('utf8', begin, end - 1));
  if (line === undefined) throw new Error(`the last line of ${path} is no anchor`);
  return line.hash;
}
