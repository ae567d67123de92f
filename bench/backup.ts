/** Measures backup and restore of a fresh and of a 100 MB database, and what its clients notice: `node bench/backup.ts`. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBackup } from '../src/backup/create.ts';
import type { BackupDeps } from '../src/backup/types.ts';
import { shownSize } from '../src/core/units.ts';
import { restoreBackup } from '../src/restore/restore.ts';
import { backupDeps } from '../tests/fixtures/backup.ts';
import { LEDGER_TABLES, postTransfers } from '../tests/fixtures/ledger.ts';
import { startDatabase, type TestDatabase } from '../tests/fixtures/pglite.ts';

const ROUNDS = 5;
const CLIENTS = 4;

const folder = await mkdtemp(join(tmpdir(), 'ompay-bench-'));
const database = await startDatabase(folder);
try {
  await database.query(LEDGER_TABLES);
  await database.query(postTransfers(1000));
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const deps = await backupDeps(folder, { signingKey: privateKey, verificationKey: publicKey });
  print(
    'database',
    'capture',
    'read back',
    'extract',
    'start',
    'prove',
    'publish',
    'whole',
    'restore',
    'stored',
    'longest wait',
  );
  await measure('fresh', deps);
  await database.query('create table filler (id bigint, v text)');
  await database.query(
    'insert into filler select n, repeat(md5(n::text), 12) from generate_series(1, 230000) n',
  );
  await measure('100 MB', deps);
} finally {
  await database.stop('SIGTERM');
  await rm(folder, { recursive: true, force: true });
}

/** The median of some rounds of each part, milliseconds; the longest wait is of any insert during any backup. */
async function measure(name: string, deps: BackupDeps): Promise<void> {
  const rounds: number[][] = [];
  let storedBytes = 0;
  let longestMs = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const load = await startLoad(database);
    const beginMs = performance.now();
    const { backup, captureMs, readBackMs, fetchMs, startMs, proveMs, publishMs } = await createBackup(deps);
    const wholeMs = performance.now() - beginMs;
    longestMs = Math.max(longestMs, await load.stop());
    const into = join(folder, 'restored');
    const restoreBeginMs = performance.now();
    await restoreBackup(deps, { id: backup.id, into });
    const restoreMs = performance.now() - restoreBeginMs;
    await rm(into, { recursive: true });
    storedBytes = backup.sizeBytes;
    rounds.push([captureMs, readBackMs, fetchMs, startMs, proveMs, publishMs, wholeMs, restoreMs]);
  }
  const medians = (rounds[0] ?? []).map((_, column) => median(rounds.map((row) => row[column] ?? 0)));
  print(
    name,
    ...medians.map((ms) => `${Math.round(ms)}`),
    shownSize(storedBytes),
    `${Math.round(longestMs)}`,
  );
}

interface Load {
  /** Ends it; the longest that one insert took, milliseconds. */
  stop(): Promise<number>;
}

async function startLoad({ query, connect }: TestDatabase): Promise<Load> {
  await query('create table if not exists load (client int, v text)');
  const state: { on: boolean; longestMs: number } = { on: true, longestMs: 0 };
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect()));
  const running = clients.map(async (client, index) => {
    while (state.on) {
      const beginMs = performance.now();
      await client.query('insert into load values ($1, $2)', [index, 'x'.repeat(200)]);
      state.longestMs = Math.max(state.longestMs, performance.now() - beginMs);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await client.end();
  });
  return {
    stop: async () => {
      state.on = false;
      await Promise.all(running);
      return state.longestMs;
    },
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function print(...cells: readonly string[]): void {
  process.stdout.write(`${cells.map((cell) => cell.padStart(9)).join(' ')}\n`);
}
