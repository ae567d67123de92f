import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { dumpBytes } from './program.ts';
import { scanDump } from './scan.ts';
import type { MysqlDump } from './source.ts';

/** A table as SQL in a file of its own. */
export interface DumpedTable {
  readonly table: string;
  readonly path: string;
  /** Counted in the file. */
  readonly rows: number;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/**
 * Writes the table's structure and rows into a new file (0600), which is on the disk afterwards. `isComplete` is false when
 * the program's last line is missing. Throws as `dumpBytes` does, and what the disk says.
 */
export async function dumpTable(
  dump: MysqlDump,
  { table, path, signal }: { readonly table: string; readonly path: string; readonly signal?: AbortSignal },
): Promise<DumpedTable & { readonly isComplete: boolean }> {
  const file = await open(path, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const bytes = dumpBytes({ ...dump, tables: [table] }, signal);
    const content = await scanDump(
      written(bytes, file, (chunk) => {
        hash.update(chunk);
        sizeBytes += chunk.length;
      }),
    );
    await file.sync();
    const rows = content.rows.get(table) ?? 0;
    return { table, path, rows, sizeBytes, sha256: hash.digest('hex'), isComplete: content.isComplete };
  } finally {
    await file.close();
  }
}

async function* written(
  bytes: AsyncIterable<Uint8Array>,
  file: FileHandle,
  saw: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    await file.writeFile(chunk);
    saw(chunk);
    yield chunk;
  }
}
