import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveFile } from '../../core/archive.ts';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import { parseLsn } from './control.ts';

/** PGlite is built with PostgreSQL's default segment size. */
const SEGMENT_BYTES = 16 * 1024 * 1024;
const SEGMENTS_PER_ID = 0x1_0000_0000n / BigInt(SEGMENT_BYTES);
const PAGE_BYTES = 8192;
/** XLogPageHeaderData, src/include/access/xlog_internal.h: xlp_pageaddr, the page's own place in the log. */
const PAGE_ADDRESS_OFFSET = 8;

/**
 * The segments that replay needs, each at its full size. After `to` they hold zeros: replay ends there and nowhere
 * else, and 16 MB of zeros compress to nothing. Throws `databaseUnavailable` when the server has reused one already.
 */
export async function* walFiles(
  dataFolder: string,
  range: { readonly timeline: number; readonly from: string; readonly to: string },
  nowMs: number,
): AsyncGenerator<ArchiveFile> {
  const end = parseLsn(range.to);
  for (let segment = segmentOf(parseLsn(range.from)); segment <= segmentOf(end - 1n); segment += 1n) {
    const path = segmentPath(range.timeline, segment);
    const usedBytes = Number(end - segment * BigInt(SEGMENT_BYTES));
    const content = await readSegment(join(dataFolder, path), segment, wholePages(usedBytes));
    if (content === undefined) throw reused(path);
    yield { kind: 'file', path, modifiedAtMs: nowMs, sizeBytes: SEGMENT_BYTES, content };
  }
}

/** The log of a server that does not run, from a place to its end: up to the first segment that is not written yet. */
export async function* walFilesFrom(
  dataFolder: string,
  range: { readonly timeline: number; readonly from: string },
  nowMs: number,
): AsyncGenerator<ArchiveFile> {
  const first = segmentOf(parseLsn(range.from));
  for (let segment = first; ; segment += 1n) {
    const path = segmentPath(range.timeline, segment);
    const content = await readSegment(join(dataFolder, path), segment, SEGMENT_BYTES);
    if (content === undefined && segment === first) throw reused(path);
    if (content === undefined) return;
    yield { kind: 'file', path, modifiedAtMs: nowMs, sizeBytes: SEGMENT_BYTES, content };
  }
}

function segmentOf(lsn: bigint): bigint {
  return lsn / BigInt(SEGMENT_BYTES);
}

/** XLogFileName: timeline, high part, low part, eight hexadecimal digits each. */
function segmentPath(timeline: number, segment: bigint): string {
  const parts = [BigInt(timeline), segment / SEGMENTS_PER_ID, segment % SEGMENTS_PER_ID];
  return `pg_wal/${parts.map((part) => part.toString(16).toUpperCase().padStart(8, '0')).join('')}`;
}

function wholePages(sizeBytes: number): number {
  return Math.min(SEGMENT_BYTES, Math.ceil(sizeBytes / PAGE_BYTES) * PAGE_BYTES);
}

/** Undefined when the file is not that segment: absent, or an old one renamed and not written yet. */
async function readSegment(
  path: string,
  segment: bigint,
  usedBytes: number,
): Promise<Uint8Array | undefined> {
  const bytes = Buffer.alloc(SEGMENT_BYTES);
  try {
    const file = await open(path, 'r');
    try {
      for (let done = 0; done < usedBytes; ) {
        const { bytesRead } = await file.read(bytes, done, usedBytes - done, done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const isIt = bytes.readBigUInt64LE(PAGE_ADDRESS_OFFSET) === segment * BigInt(SEGMENT_BYTES);
  return isIt ? bytes : undefined;
}

function reused(path: string): OmpayError {
  return new OmpayError('databaseUnavailable', `${path} is gone: the log was reused while the backup ran`, {
    hint: 'run the backup again when the database is less busy, or raise its wal_keep_size',
  });
}
