import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArchiveEntry, ArchiveFile } from '../../core/archive.ts';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import { CONTROL_FILE, readControlFile } from './control.ts';

const CHUNK_BYTES = 256 * 1024;

/**
 * Folders whose files a base backup leaves out (PostgreSQL 18, "Making a Base Backup Using the Low Level API"). Of the
 * log only what replay needs is added, at the end.
 */
const EMPTY_FOLDERS: ReadonlySet<string> = new Set([
  'pg_dynshmem',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_wal',
]);

/** Files that are the running server's own, or made anew when it starts. */
const LEFT_OUT =
  /^(postmaster\.(pid|opts)|backup_label(\.old)?|tablespace_map(\.old)?|pg_internal\.init|pgsql_tmp.*)$/;

/**
 * A data folder's files for an archive without those of its log, `pg_control` last. A file may grow, shrink or go
 * while it is read: the log mends that at replay.
 */
export async function* dataFiles(dataFolder: string): AsyncGenerator<ArchiveEntry> {
  yield* folderEntries(dataFolder, '');
  const { bytes } = await readControlFile(dataFolder);
  const { mtimeMs } = await stat(join(dataFolder, CONTROL_FILE));
  yield { kind: 'file', path: CONTROL_FILE, modifiedAtMs: mtimeMs, sizeBytes: bytes.length, content: bytes };
}

async function* folderEntries(dataFolder: string, folder: string): AsyncGenerator<ArchiveEntry> {
  const entries = await readdir(join(dataFolder, folder), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (LEFT_OUT.test(entry.name) || path === CONTROL_FILE) continue;
    if (entry.isFile()) yield* oneFile(dataFolder, path);
    else if (entry.isDirectory()) {
      yield { kind: 'folder', path, modifiedAtMs: (await stat(join(dataFolder, path))).mtimeMs };
      if (!EMPTY_FOLDERS.has(path)) yield* folderEntries(dataFolder, path);
    } else {
      throw new OmpayError('stateUnusable', `${join(dataFolder, path)} is neither a file nor a folder`, {
        hint: 'tablespaces outside the data folder cannot be backed up; move them into it',
      });
    }
  }
}

/** Small files are read at once, large ones in chunks while they are written to the archive. */
async function* oneFile(dataFolder: string, path: string): AsyncGenerator<ArchiveFile> {
  const file = await openIfThere(join(dataFolder, path));
  if (file === undefined) return;
  try {
    const { size, mtimeMs } = await file.stat();
    const header = { kind: 'file', path, modifiedAtMs: mtimeMs, sizeBytes: size } as const;
    if (size > CHUNK_BYTES) yield { ...header, content: chunks(file, size) };
    else yield { ...header, content: await readExactly(file, 0, size) };
  } finally {
    await file.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function* chunks(file: FileHandle, sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < sizeBytes; offset += CHUNK_BYTES) {
    yield await readExactly(file, offset, Math.min(CHUNK_BYTES, sizeBytes - offset));
  }
}

/** Where the file has become shorter, zeros stand, as in PostgreSQL's own base backup. */
async function readExactly(file: FileHandle, offset: number, sizeBytes: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(sizeBytes);
  for (let done = 0; done < sizeBytes; ) {
    const { bytesRead } = await file.read(bytes, done, sizeBytes - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes;
}
