import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createBackup } from '../../src/backup/create.ts';
import { keyPath } from '../../src/backup/keys.ts';
import type { Backup, BackupDeps } from '../../src/backup/types.ts';
import { thisProcess } from '../../src/core/process.ts';
import { proveCopy } from '../../src/engine/proof.ts';
import { restoreBackup } from '../../src/restore/restore.ts';
import { generateAgeKey } from '../../src/store/repository/age.ts';
import { backupDeps, signingKeys, storeIn } from '../fixtures/backup.ts';
import { damaged, flipByte, pathIn } from '../fixtures/damage.ts';
import { LEDGER_TABLES, postTransfers } from '../fixtures/ledger.ts';
import { removeFolder, startDatabase, type TestDatabase, temporaryFolder } from '../fixtures/pglite.ts';

const TRANSFERS = 300;

let folder: string;
let database: TestDatabase;
let deps: BackupDeps;
let backup: Backup;

beforeAll(async () => {
  folder = await temporaryFolder();
  database = await startDatabase(folder);
  await database.query(LEDGER_TABLES);
  await database.query(postTransfers(TRANSFERS));
  const stores = [storeIn(folder, 'disk'), storeIn(folder, 'second', true)];
  deps = { ...(await backupDeps(folder, signingKeys())), stores };
  ({ backup } = await createBackup(deps));
});
afterAll(async () => {
  await database.stop('SIGKILL');
  await removeFolder(folder);
});
afterEach(async () => {
  for (const name of await namesOfRestored()) await rm(join(folder, name), { recursive: true });
});

/** The restored folder and whatever a restore left beside it. */
async function namesOfRestored(): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith('restored'));
}

test('a restore gives a proven data folder with all that was in the backup', async () => {
  const into = join(folder, 'restored');
  const restored = await restoreBackup(deps, { id: 'latest', into });
  expect(restored).toMatchObject({ backup: backup.id, store: 'disk', passedOver: [] });
  expect(restored.checks.map(({ verdict }) => verdict)).toEqual(deps.queries.map(() => 'pass'));
  const copy = await deps.engine.boot(into, { timeoutMs: 60_000 });
  try {
    expect(await copy.rows('select count(*)::text as rows from transfers')).toEqual([
      { rows: String(TRANSFERS) },
    ]);
  } finally {
    await copy.stop('kill');
  }
  expect((await namesOfRestored()).filter((name) => name.includes('restoring'))).toEqual([]);
});

test('a restore passes over a damaged copy, and says so', async () => {
  const path = await pathIn(folder, 'disk', '.age');
  await damaged(
    path,
    (bytes) => flipByte(path, bytes),
    async () => {
      const into = join(folder, 'restored');
      const restored = await restoreBackup(deps, { id: backup.id, into });
      expect(restored.store).toBe('second');
      expect(restored.passedOver).toMatchObject([{ store: 'disk', error: { code: 'backupDamaged' } }]);
    },
  );
});

test('a restore of damaged copies alone fails and leaves the place as it was', async () => {
  const path = await pathIn(folder, 'disk', '.age');
  await damaged(
    path,
    (bytes) => flipByte(path, bytes),
    async () => {
      const [disk] = deps.stores;
      if (disk === undefined) throw new Error('no store');
      const into = join(folder, 'restored');
      await expect(restoreBackup({ ...deps, stores: [disk] }, { id: backup.id, into })).rejects.toMatchObject(
        { code: 'backupDamaged' },
      );
      expect(await namesOfRestored()).toEqual([]);
    },
  );
});

test('a restore never writes into a folder that holds something', async () => {
  await expect(restoreBackup(deps, { id: 'latest', into: join(folder, 'data') })).rejects.toMatchObject({
    code: 'alreadyExists',
  });
});

test('a restore with another key than the recipients fails before anything is made', async () => {
  const { identity } = await generateAgeKey();
  const into = join(folder, 'restored');
  await expect(restoreBackup({ ...deps, identity }, { id: 'latest', into })).rejects.toMatchObject({
    code: 'configInvalid',
  });
  expect(await namesOfRestored()).toEqual([]);
});

test('a restore that was killed is swept by the next one into the same place', async () => {
  const into = join(folder, 'restored');
  await mkdir(join(`${into}.restoring-0123`, 'data'), { recursive: true });
  await restoreBackup(deps, { id: backup.id, into });
  expect((await namesOfRestored()).filter((name) => name.includes('restoring'))).toEqual([]);
});

test('two restores into one place at once: the second is refused', async () => {
  const into = join(folder, 'restored');
  await mkdir(`${into}.restoring-0123`);
  await writeFile(join(`${into}.restoring-0123`, 'owner'), JSON.stringify(thisProcess()));
  await expect(restoreBackup(deps, { id: backup.id, into })).rejects.toMatchObject({ code: 'lockHeld' });
});

test('the commands of RESTORE.md, as they stand there, give a database that is proven', async (context) => {
  for (const program of ['age', 'zstd', 'tar', 'sha256sum']) {
    if (spawnSync(program, ['--version']).error !== undefined)
      return context.skip(`${program} is not installed`);
  }
  const guide = await pathIn(folder, 'disk', 'RESTORE.md');
  const blocks = [...(await readFile(guide, 'utf8')).matchAll(/```sh\n(.*?)```/gs)].map(
    ([, block]) => block ?? '',
  );
  const into = join(folder, 'restored');
  const line = (blocks[0] ?? '')
    .replaceAll('KEY', keyPath(join(folder, 'keys'), 'escrow'))
    .replaceAll('FOLDER', into);
  expect(line).toContain('age -d -i');
  execFileSync('bash', ['-o', 'pipefail', '-ec', line], { cwd: dirname(guide), stdio: 'pipe' });
  const copy = await deps.engine.boot(into, { timeoutMs: 60_000 });
  try {
    expect((await proveCopy(copy, deps.queries, null)).isProven).toBe(true);
    expect(await copy.rows('select count(*)::text as rows from transfers')).toEqual([
      { rows: String(TRANSFERS) },
    ]);
  } finally {
    await copy.stop('kill');
  }
});
