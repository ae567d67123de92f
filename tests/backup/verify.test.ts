import { readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBackup } from '../../src/backup/create.ts';
import { listBackups } from '../../src/backup/list.ts';
import type { VerifyLevel } from '../../src/backup/look.ts';
import { planPrune, pruneBackups } from '../../src/backup/prune.ts';
import type { Backup, BackupDeps } from '../../src/backup/types.ts';
import { verifyBackup } from '../../src/backup/verify.ts';
import { generateAgeKey } from '../../src/store/repository/age.ts';
import { backupDeps, signingKeys, storeIn } from '../fixtures/backup.ts';
import { damaged, flipByte, pathIn } from '../fixtures/damage.ts';
import { LEDGER_TABLES, postTransfers } from '../fixtures/ledger.ts';
import { removeFolder, startDatabase, type TestDatabase, temporaryFolder } from '../fixtures/pglite.ts';

let folder: string;
let database: TestDatabase;
let deps: BackupDeps;
let backup: Backup;

beforeAll(async () => {
  folder = await temporaryFolder();
  database = await startDatabase(folder);
  await database.query(LEDGER_TABLES);
  await database.query(postTransfers(300));
  const stores = [storeIn(folder, 'disk'), storeIn(folder, 'second', true)];
  deps = { ...(await backupDeps(folder, signingKeys())), stores };
  ({ backup } = await createBackup(deps));
});
afterAll(async () => {
  await database.stop('SIGKILL');
  await removeFolder(folder);
});
test('every level passes on a good backup, and the newest look is listed', async () => {
  await verifyBackup(deps, { id: backup.id, level: 3, store: 'disk' });
  for (const level of [0, 1, 2, 4] as const) {
    const seen = await verifyBackup(deps, { id: backup.id, level });
    expect(seen).toMatchObject([
      { store: 'disk', level },
      { store: 'second', level },
    ]);
  }
  const [listed] = (await listBackups(deps)).backups;
  for (const copy of listed?.copies ?? []) expect(copy.verifiedAt > backup.finishedAt).toBe(true);
});

test('a flipped byte fails from level 1 on, is remembered, and a later good look clears it', async () => {
  const path = await pathIn(folder, 'disk', '.age');
  await damaged(
    path,
    (bytes) => flipByte(path, bytes),
    async () => {
      await verifyBackup(deps, { id: backup.id, level: 0, store: 'disk' });
      for (const level of [1, 2, 3, 4] satisfies VerifyLevel[]) {
        const look = verifyBackup(deps, { id: backup.id, level, store: 'disk' });
        await expect(look, `level ${level}`).rejects.toMatchObject({ code: 'backupDamaged' });
      }
      const [listed] = (await listBackups(deps)).backups;
      expect(listed?.copies[0]?.failedAt).toBeDefined();
      expect(listed?.copies[1]?.failedAt).toBeUndefined();
    },
  );
  await verifyBackup(deps, { id: backup.id, level: 1, store: 'disk' });
  expect((await listBackups(deps)).backups[0]?.copies[0]?.failedAt).toBeUndefined();
});

test('a truncated payload fails at every level', async () => {
  const path = await pathIn(folder, 'disk', '.age');
  await damaged(
    path,
    (bytes) => truncate(path, bytes.length - 1),
    async () => {
      for (const level of [0, 1, 2, 3, 4] satisfies VerifyLevel[]) {
        const look = verifyBackup(deps, { id: backup.id, level, store: 'disk' });
        await expect(look, `level ${level}`).rejects.toMatchObject({ code: 'backupDamaged' });
      }
    },
  );
});

test('one damaged copy does not hide the good one, and both are looked at', async () => {
  const path = await pathIn(folder, 'disk', '.age');
  await damaged(
    path,
    (bytes) => flipByte(path, bytes),
    async () => {
      await expect(verifyBackup(deps, { id: backup.id, level: 1 })).rejects.toMatchObject({
        message: expect.stringContaining('in disk has'),
      });
      const [listed] = (await listBackups(deps)).backups;
      expect(listed?.copies[1]?.failedAt).toBeUndefined();
      expect(listed?.copies[0]?.failedAt).toBeDefined();
      expect(listed?.copies[1]?.verifiedAt).not.toBe(backup.finishedAt);
    },
  );
});

test('the wrong key opens nothing', async () => {
  const { identity } = await generateAgeKey();
  const look = verifyBackup({ ...deps, identity }, { id: backup.id, level: 2 });
  await expect(look).rejects.toMatchObject({ code: 'configInvalid' });
});

test('an unknown backup or store is said to be unknown', async () => {
  await expect(verifyBackup(deps, { id: '01NONE', level: 0 })).rejects.toMatchObject({ code: 'notFound' });
  await expect(verifyBackup(deps, { id: backup.id, level: 0, store: 'moon' })).rejects.toMatchObject({
    code: 'notFound',
    message: expect.stringContaining('moon'),
  });
});

test('a changed manifest is told and does not hide other copies', async () => {
  const path = await pathIn(folder, 'disk', 'manifest.json');
  await damaged(
    path,
    (bytes) => flipByte(path, bytes),
    async () => {
      const { backups, problems } = await listBackups(deps);
      expect(backups[0]?.copies.map(({ store }) => store)).toEqual(['second']);
      expect(problems).toMatchObject([{ store: 'disk', backup: backup.id }]);
    },
  );
});

test('a pruned backup is gone from every store, and the catalogue keeps the reason', async () => {
  const older = (await listBackups(deps)).backups[0];
  await database.query(postTransfers(10));
  const { backup: newer } = await createBackup(deps);
  const retention = { last: 1, daily: 0, weekly: 0, monthly: 0, yearly: 0 };
  const plan = planPrune((await listBackups(deps)).backups, {
    retention,
    nowMs: deps.clock.now(),
    staleAfterMs: 86_400_000,
  });
  expect(plan).toMatchObject({ keep: [{ backup: newer.id }], remove: [{ backup: older?.id }] });
  expect(await pruneBackups(deps, plan)).toBe(2);
  expect((await listBackups(deps)).backups.map(({ id }) => id)).toEqual([newer.id]);
  for (const store of ['disk', 'second']) {
    const names = await readdir(join(folder, store), { recursive: true });
    expect(names.filter((name) => name.includes(older?.id ?? '?'))).toEqual([]);
    const record = await readFile(await pathIn(folder, store, 'catalog/00000003.json'), 'utf8');
    expect(JSON.parse(record)).toMatchObject({
      event: 'pruned',
      backup: older?.id,
      reason: expect.any(String),
    });
  }
});
