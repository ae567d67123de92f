import type { ArchiveEntry } from '../../core/archive.ts';
import type { Engine } from '../engine.ts';
import { readFacts } from '../proof.ts';
import { openServer } from './position.ts';
import { dumpBytes } from './program.ts';
import type { DumpSource } from './source.ts';

export const DUMP_FOLDER = 'dump.sql';
/** A tar header says the size beforehand, so a dump, whose size nobody knows, is cut into parts of at most so much. */
const PART_BYTES = 8 * 1024 * 1024;

/** Dumps the database as an engine's copy is captured: positions and facts before and after, the bytes read once. */
export function captureDump(dump: DumpSource): Engine['capture'] {
  return async ({ queries, signal }, archive) => {
    const server = await openServer(dump);
    try {
      const from = await server.position();
      const before = await readFacts(server, queries);
      const entries = parts(dumpBytes(dump, signal), dump.clock.now());
      const archived = await archive({ serverUuid: server.name, method: 'online', entries });
      const after = await readFacts(server, queries);
      return { archived, from, to: await server.position(), facts: { before, after } };
    } finally {
      await server.close();
    }
  };
}

/** `dump.sql/00000001` and so on: one after the other they are the dump, which is how tar writes them to a pipe. */
export async function* parts(
  bytes: AsyncIterable<Uint8Array>,
  modifiedAtMs: number,
): AsyncGenerator<ArchiveEntry> {
  yield { kind: 'folder', path: DUMP_FOLDER, modifiedAtMs };
  let chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  let part = 0;
  const flush = (): ArchiveEntry => {
    part += 1;
    const path = `${DUMP_FOLDER}/${String(part).padStart(8, '0')}`;
    const entry = { kind: 'file', path, modifiedAtMs, sizeBytes, content: Buffer.concat(chunks) } as const;
    chunks = [];
    sizeBytes = 0;
    return entry;
  };
  for await (const chunk of bytes) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes >= PART_BYTES) yield flush();
  }
  if (sizeBytes > 0) yield flush();
}
