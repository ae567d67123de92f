import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import { type ProofQuery, proveCopy, type QuerySession, type SourceFacts } from '../proof.ts';
import { disproven, type Rehearsal } from '../rehearse.ts';
import { DUMP_FOLDER } from './capture.ts';
import { type DumpContent, scanDump } from './scan.ts';

/**
 * Reads an extracted dump to its end: it has its program's last line, and of each table whose rows only grow as many as the
 * source had between before and after. Throws `backupDamaged`.
 */
export async function proveDump(
  folder: string,
  options: {
    readonly queries: readonly ProofQuery[];
    readonly facts: SourceFacts | null;
    readonly clock: Clock;
    readonly signal?: AbortSignal;
  },
): Promise<Rehearsal> {
  const { queries, facts, clock, signal } = options;
  const beginMs = clock.monotonicMs();
  const content = await scanDump(partsIn(join(folder, DUMP_FOLDER), signal));
  if (!content.isComplete)
    throw new OmpayError('backupDamaged', 'the dump ends before the last line that its program writes', {
      hint: 'make another: ompay backup create --kind logical',
    });
  const counted = queries.filter(({ expect }) => expect === 'grows');
  const proof = await proveCopy(sessionOf(content, counted), counted, facts);
  if (!proof.isProven) throw disproven(proof);
  const proveMs = Math.round(clock.monotonicMs() - beginMs);
  return { ...proof, serverVersion: content.serverVersion, startMs: 0, proveMs };
}

/** Answers how many rows a table has: the query's name is the table's. */
function sessionOf({ rows }: DumpContent, queries: readonly ProofQuery[]): QuerySession {
  return {
    rows: async (sql) => {
      const count = rows.get(queries.find((query) => query.sql === sql)?.name ?? '');
      return count === undefined ? undefined : [{ rows: String(count) }];
    },
  };
}

async function* partsIn(folder: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const names = (await readdir(folder)).toSorted();
  for (const name of names) {
    for await (const chunk of createReadStream(join(folder, name))) {
      signal?.throwIfAborted();
      if (chunk instanceof Uint8Array) yield chunk;
    }
  }
}
