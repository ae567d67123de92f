import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBackup } from '../../src/backup/create.ts';
import type { BackupDeps } from '../../src/backup/types.ts';
import { hasPassed, type RestoreTest } from '../../src/core/restore-test.ts';
import { renderRestoreTest } from '../../src/report/restore-test/page.ts';
import { testRestore } from '../../src/restore/restore-test.ts';
import { keepTest, newestTest } from '../../src/restore/restore-test-file.ts';
import { backupDeps, signingKeys, storeIn } from '../fixtures/backup.ts';
import { damaged, flipByte, pathIn } from '../fixtures/damage.ts';
import { LEDGER_TABLES, postTransfers } from '../fixtures/ledger.ts';
import { removeFolder, startDatabase, type TestDatabase, temporaryFolder } from '../fixtures/pglite.ts';

let folder: string;
let database: TestDatabase;
let deps: BackupDeps;
let passed: RestoreTest;

const keys = signingKeys();

function storeOf(name: string) {
  const store = deps.stores.find((each) => each.name === name);
  if (store === undefined) throw new Error(`no store ${name}`);
  return store;
}

beforeAll(async () => {
  folder = await temporaryFolder();
  database = await startDatabase(folder);
  await database.query(LEDGER_TABLES);
  await database.query(postTransfers(100));
  const stores = [storeIn(folder, 'disk'), storeIn(folder, 'second', true)];
  deps = { ...(await backupDeps(folder, keys)), stores };
  await createBackup(deps);
  passed = await testRestore(deps, { store: storeOf('second'), id: 'latest', workFolder: deps.workFolder });
}, 120_000);
afterAll(async () => {
  await database.stop('SIGKILL');
  await removeFolder(folder);
});

test('a restore from one copy alone is proven, measured against the targets, and leaves nothing', async () => {
  expect(passed).toMatchObject({ outcome: 'proven', store: 'second', offsite: true, problem: '' });
  expect(passed.restored?.checks.map(({ verdict }) => verdict)).toEqual(deps.queries.map(() => 'pass'));
  expect(hasPassed(passed)).toBe(true);
  expect((await readdir(deps.workFolder)).filter((name) => name.includes('restore-test'))).toEqual([]);
});

test('a backup older than the target of data loss does not pass, however quick its restore', () => {
  const { restored } = passed;
  if (restored === null) throw new Error('it was restored');
  expect(hasPassed({ ...passed, restored: { ...restored, rpoMs: passed.targets.rpoMs + 1 } })).toBe(false);
  expect(hasPassed({ ...passed, restored: { ...restored, rtoMs: passed.targets.rtoMs + 1 } })).toBe(false);
});

test('a damaged copy fails the test although the other copy is good', async () => {
  const path = await pathIn(folder, 'second', '.age');
  await damaged(
    path,
    (bytes) => flipByte(path, bytes),
    async () => {
      const store = storeOf('second');
      const test = await testRestore(deps, { store, id: 'latest', workFolder: deps.workFolder });
      expect(test).toMatchObject({
        outcome: 'failed',
        restored: null,
        problem: expect.stringMatching(/decrypt|has \d+ bytes/),
      });
      expect(hasPassed(test)).toBe(false);
    },
  );
});

test('the record is signed: a changed one is refused, and the newest is the one that counts', async () => {
  const records = join(folder, 'records');
  expect(newestTest(records, keys.verificationKey)).toBeUndefined();
  const { path } = keepTest(records, passed, keys.signingKey);
  expect(newestTest(records, keys.verificationKey)).toMatchObject({ id: passed.id, passed: true });
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('"outcome": "proven"', '"outcome": "failed"'));
  expect(() => newestTest(records, keys.verificationKey)).toThrow('was changed after it was written');
});

test('the page says in French what auditors ask, and escapes what comes from outside', () => {
  const seal = { by: 'a@b', path: '/x.json', hash: 'ab'.repeat(32), signature: 'c2ln', publicKey: 'PEM' };
  const page = renderRestoreTest(passed, seal, 'fr');
  for (const words of ['Restauration prouvée dans les objectifs', 'hors site', 'RTO', seal.hash])
    expect(page).toContain(words);
  const { restored } = passed;
  if (restored === null) throw new Error('it was restored');
  const point = { gtid: 'u:7', committedAt: '2026-11-22T17:05:08.123456Z', transactions: 1234, replayMs: 9 };
  const pointed = renderRestoreTest({ ...passed, restored: { ...restored, point } }, seal, 'fr');
  expect(pointed).toContain('22 novembre 2026 à 17:05:08 UTC, 1\u202f234 transactions rejouées');
  expect(page).not.toContain('rejouées');
  expect(page).not.toMatch(/<script|https?:/);
  const failed = { ...passed, outcome: 'failed', restored: null, problem: '<img src=x>' } as const;
  expect(renderRestoreTest(failed, seal, 'en')).toContain('&lt;img src=x&gt;');
});
