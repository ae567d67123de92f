import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveEntry, ArchiveFile } from '../../core/archive.ts';
import { OmpayError } from '../../core/errors.ts';
import type { CaptureSource } from '../engine.ts';

export type Archive<T> = (source: CaptureSource) => Promise<T>;

const CHUNK_BYTES = 256 * 1024;

/** The index that a cold copy's last binary log gets. */
export const BINLOG_INDEX = 'ompay-binlog.index';

/** Who the server is, its keys, what it makes anew, and what CLONE notes: a copy is another server. */
const LEFT_OUT =
  /^(auto\.cnf|.*\.pem|.*\.pid|.*\.sock(\.lock)?|ibtmp1|#innodb_temp|#clone|mysql_upgrade_history|.*\.err)$/;
const EMPTY_FOLDERS: ReadonlySet<string> = new Set(['#innodb_temp']);

/**
 * The files of a data folder that no server changes meanwhile. `leftOut` gets paths from the folder. Throws
 * `stateUnusable` when one changes its size.
 */
export async function* stillFiles(
  folder: string,
  leftOut: (path: string) => boolean = () => false,
  below = '',
): AsyncGenerator<ArchiveEntry> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if ((below === '' && LEFT_OUT.test(entry.name)) || leftOut(path)) continue;
    if (entry.isFile()) yield* oneFile(folder, path);
    else if (entry.isDirectory()) {
      yield { kind: 'folder', path, modifiedAtMs: (await stat(join(folder, path))).mtimeMs };
      if (!EMPTY_FOLDERS.has(path)) yield* stillFiles(folder, leftOut, path);
    } else {
      throw new OmpayError('stateUnusable', `${join(folder, path)} is neither a file nor a folder`, {
        hint: 'tablespaces outside the data folder cannot be backed up; move them into it',
      });
    }
  }
}

async function* oneFile(folder: string, path: string): AsyncGenerator<ArchiveFile> {
  const file = await open(join(folder, path), 'r');
  try {
    const { size, mtimeMs } = await file.stat();
    yield { kind: 'file', path, modifiedAtMs: mtimeMs, sizeBytes: size, content: chunks(file, path, size) };
  } finally {
    await file.close();
  }
}

async function* chunks(file: FileHandle, path: string, sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < sizeBytes; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, sizeBytes - offset));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, offset);
    if (bytesRead === 0) throw changed(path);
    yield chunk.subarray(0, bytesRead);
    offset += bytesRead;
  }
}

function changed(path: string): OmpayError {
  return new OmpayError('stateUnusable', `${path} became shorter while it was copied`, {
    hint: 'look for who writes to it, then run the backup again',
  });
}

/** The same entries until the signal is aborted; then throws its reason. */
export async function* abortable(
  entries: AsyncIterable<ArchiveEntry>,
  signal: AbortSignal | undefined,
): AsyncGenerator<ArchiveEntry> {
  for await (const entry of entries) {
    signal?.throwIfAborted();
    yield entry;
  }
}
