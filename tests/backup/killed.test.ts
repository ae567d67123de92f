import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBackup } from '../../src/backup/create.ts';
import { listBackups } from '../../src/backup/list.ts';
import type { BackupDeps } from '../../src/backup/types.ts';
import { beginWork } from '../../src/backup/work.ts';
import { backupDeps, signingKeys } from '../fixtures/backup.ts';
import { LEDGER_TABLES, postTransfers } from '../fixtures/ledger.ts';
import { removeFolder, startDatabase, type TestDatabase, temporaryFolder } from '../fixtures/pglite.ts';

const SCRIPT = fileURLToPath(new URL('../fixtures/backup-killed.ts', import.meta.url));

let folder: string;
let database: TestDatabase;
let deps: BackupDeps;
let keyFile: string;
let temporary: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  database = await startDatabase(folder);
  await database.query(LEDGER_TABLES);
  await database.query(postTransfers(100));
  const keys = signingKeys();
  temporary = join(folder, 'tmp');
  await mkdir(temporary);
  keyFile = join(folder, 'signing.pem');
  await writeFile(keyFile, keys.signingKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  deps = await backupDeps(folder, keys);
  await createBackup(deps);
});
afterAll(async () => {
  await database.stop('SIGKILL');
  await removeFolder(folder);
});

/** Runs a backup that kills itself at the moment; says how it ended. */
async function runKilled(moment: string): Promise<string> {
  const child = spawn(process.execPath, [SCRIPT, folder, keyFile, moment], {
    stdio: ['ignore', 'ignore', 'inherit'],
    // A temporary folder of its own: what it leaves there is told apart from that of tests running at the same time.
    env: { ...process.env, TMPDIR: temporary },
  });
  const [code, signal] = await once(child, 'exit');
  return String(signal ?? code);
}

async function names(path: string): Promise<readonly string[]> {
  return (await readdir(join(folder, path), { recursive: true })).sort();
}

async function bases(): Promise<readonly string[]> {
  return (await names('disk')).filter((name) => /\/base\/[^/]+$/.test(name));
}

async function sweep(): Promise<void> {
  (await beginWork(deps, { run: 'TEST', reason: 'sweep' })).release();
}

const MOMENTS = [
  { moment: 'during data.tar.zst.age', published: false },
  { moment: 'after data.tar.zst.age', published: false },
  { moment: 'while the copy runs', published: false },
  { moment: 'after proof.json', published: false },
  { moment: 'after manifest.json', published: false },
  { moment: 'after catalog/00000002.json', published: true },
];

for (const { moment, published } of MOMENTS) {
  test(`killed ${moment}: ${published ? 'the backup counts' : 'no backup'}, and nothing is left by the next run`, async () => {
    const { backups: before } = await listBackups(deps);
    expect(await runKilled(moment.replace('00000002', String(before.length + 1).padStart(8, '0')))).toBe(
      'SIGKILL',
    );
    const { backups, problems } = await listBackups(deps);
    expect(problems).toEqual([]);
    expect(backups).toHaveLength(before.length + (published ? 1 : 0));

    // The database that proved the copy ends with its prover, before anybody sweeps.
    await expect.poll(() => hostsIn(join(folder, 'work'))).toEqual([]);
    await sweep();
    expect(await bases()).toHaveLength(backups.length);
    expect((await names('disk')).filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(await names('work/scratch')).toEqual([]);
    expect(await names('work/intents')).toEqual([]);
    expect(await readdir(temporary)).toEqual([]);
  });
}

test('after all these deaths a backup is made as ever', async () => {
  const { backup } = await createBackup(deps);
  expect((await listBackups(deps)).backups[0]?.id).toBe(backup.id);
});

test('a folder of unknown lineage is never removed', async () => {
  const [base] = await bases();
  const stranger = join(folder, 'disk', base ?? '', '..', '20200101T000000Z-STRANGER');
  await mkdir(stranger);
  await writeFile(join(stranger, 'data.tar.zst.age'), 'whose is this?');
  await sweep();
  expect(await readFile(join(stranger, 'data.tar.zst.age'), 'utf8')).toBe('whose is this?');
});

/** Process numbers of database hosts that still run on a folder below `path`. */
async function hostsIn(path: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes('pglite-host') && line.includes(path)) found.push(pid);
  }
  return found;
}
