import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { Engine } from './backend.ts';

/**
 * PGlite's own start parameters (fsync off, no workers) and ours: a base backup copies files for some tens of seconds,
 * so the log of that long is kept: 256 MB are 50 s of 5 MB/s, more than the host can write.
 */
const START_PARAMETERS: string[] = [...PGlite.defaultStartParams, '-c', 'wal_keep_size=256MB'];

/**
 * Opens the database in a folder (0700), making it first when there is none. The three assets of PGlite (`pglite.wasm`,
 * `pglite.data`, `initdb.wasm`) are read from beside the module or bundle that holds PGlite's code.
 */
export async function openPglite(dataFolder: string): Promise<PGlite> {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  chmodSync(dataFolder, 0o700);
  // A folder half made by a process that died would be taken for a database, as PG_VERSION is written early.
  const unfinished = `${dataFolder}.initialising`;
  if (existsSync(unfinished)) rmSync(dataFolder, { recursive: true, force: true });
  const isNew = !existsSync(join(dataFolder, 'PG_VERSION'));
  if (isNew) writeFileSync(unfinished, '', { mode: 0o600 });
  const database = await PGlite.create(`file://${dataFolder}`, { startParams: START_PARAMETERS });
  chmodSync(dataFolder, 0o700);
  rmSync(unfinished, { force: true });
  return database;
}

/** PGlite as the backend's engine: raw protocol bytes in and out. */
export function engineOf(database: PGlite): Engine {
  return {
    execute: (messages, onBytes) =>
      database.execProtocolRawStream(messages, { syncToFs: false, onRawData: onBytes }),
    isInTransaction: () => database.isInTransaction(),
  };
}
