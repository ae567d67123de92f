import { copyFile, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '../../../core/errors.ts';

/** PostgreSQL's default, and the only one that is received: `wal_segment_size`. */
export const SEGMENT_BYTES = 16 * 1024 * 1024;
const SEGMENTS_PER_ID = 0x1_0000_0000n / BigInt(SEGMENT_BYTES);
const PARTIAL = '.partial';

/** A file of the log: 16 MB, the last one padded with zeros. */
export interface WalSegment {
  /** Counted from the log's beginning. */
  readonly number: bigint;
  /** Without `.partial`. */
  readonly name: string;
  /** More is written to it: it is called `.partial` until it is whole. */
  readonly isPartial: boolean;
}

export function segmentOf(lsn: bigint): bigint {
  return lsn / BigInt(SEGMENT_BYTES);
}

/** XLogFileName: timeline, high part, low part, eight hexadecimal digits each. */
export function segmentName(timeline: number, number: bigint): string {
  return [BigInt(timeline), number / SEGMENTS_PER_ID, number % SEGMENTS_PER_ID]
    .map((part) => part.toString(16).toUpperCase().padStart(8, '0'))
    .join('');
}

/** Those of one timeline in a folder, in order; of one that is there whole and as a part, the whole. */
export async function listSegments(folder: string, timeline: number): Promise<readonly WalSegment[]> {
  const found = new Map<bigint, WalSegment>();
  for (const file of await readdir(folder)) {
    const isPartial = file.endsWith(PARTIAL);
    const name = isPartial ? file.slice(0, -PARTIAL.length) : file;
    if (!/^[0-9A-F]{24}$/.test(name) || Number.parseInt(name.slice(0, 8), 16) !== timeline) continue;
    const number = BigInt(`0x${name.slice(8, 16)}`) * SEGMENTS_PER_ID + BigInt(`0x${name.slice(16)}`);
    if (found.get(number)?.isPartial !== false) found.set(number, { number, name, isPartial });
  }
  return [...found.values()].toSorted((a, b) => (a.number < b.number ? -1 : 1));
}

/**
 * Shows segments under their full names in a folder of the caller's, for programs that know no `.partial`. What is
 * received meanwhile is in none: the unfinished one is copied.
 */
export async function showSegments(
  folder: string,
  segments: readonly WalSegment[],
  into: string,
): Promise<void> {
  await mkdir(into, { recursive: true, mode: 0o700 });
  for (const { name, isPartial } of segments) {
    const whole = join(folder, name);
    if (!isPartial) await symlink(whole, join(into, name));
    else
      await copyFile(`${whole}${PARTIAL}`, join(into, name)).catch(async (error: unknown) => {
        // It became whole after it was listed.
        if (systemCodeOf(error) !== 'ENOENT') throw error;
        await copyFile(whole, join(into, name));
      });
  }
}
