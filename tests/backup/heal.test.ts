import { mkdir, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBackup } from '../../src/backup/create.ts';
import { healBackups } from '../../src/backup/heal.ts';
import { listBackups } from '../../src/backup/list.ts';
import { pruneBackups } from '../../src/backup/prune.ts';
import { statusOf, storeFacts } from '../../src/backup/status.ts';
import type { BackupDeps } from '../../src/backup/types.ts';
import { verifyCopies } from '../../src/backup/verify.ts';
import { OmpayError } from '../../src/core/errors.ts';
import { restoreBackup } from '../../src/restore/restore.ts';
import type { Store } from '../../src/store/store.ts';
import { backupDeps, signingKeys, storeIn } from '../fixtures/backup.ts';
import { type ThreePlaces, threePlaces } from '../fixtures/copies.ts';
import { flipByte, pathIn } from '../fixtures/damage.ts';
import { LEDGER_TABLES, postTransfers } from '../fixtures/ledger.ts';
import { removeFolder, startDatabase, type TestDatabase, temporaryFolder } from '../fixtures/pglite.ts';

let folder: string;
let database: TestDatabase;
let places: ThreePlaces;
/** Three folders, for what is quick; `far` has a host and a bucket instead. */
let deps: BackupDeps;
let far: BackupDeps;

beforeAll(async () => {
  folder = await temporaryFolder();
  database = await startDatabase(folder);
  await database.query(LEDGER_TABLES);
  await database.query(postTransfers(100));
  places = await threePlaces(join(folder, 'far'));
  const own = await backupDeps(folder, signingKeys());
  far = { ...own, stores: places.places.map(({ store }) => store) };
  deps = { ...own, stores: [storeIn(folder, 'disk'), storeIn(folder, 'sftp'), storeIn(folder, 's3', true)] };
  await createBackup(deps);
}, 240_000);
afterAll(async () => {
  await places?.stop();
  await database.stop('SIGKILL');
  await removeFolder(folder);
});

async function states(level: 0 | 1 | 2, of: BackupDeps = deps): Promise<readonly string[]> {
  const verdicts = await verifyCopies(of, { id: 'all', level });
  return verdicts.map(({ store, state }) => `${store} ${state}`);
}

const ALL_GOOD = ['disk good', 'sftp good', 's3 good'];

test('one capture is three good copies on three media; from any of them alone all comes back', async () => {
  await createBackup(far);
  expect(await states(2, far)).toEqual(ALL_GOOD);
  expect(new Set(far.stores.map(({ medium }) => medium)).size).toBe(3);
  for (const [left, survivor] of far.stores.entries()) {
    for (const [index, place] of places.places.entries()) if (index !== left) await place.destroy();
    const into = join(folder, 'restored');
    const restored = await restoreBackup(far, { id: 'latest', into });
    await rm(into, { recursive: true });
    expect(restored.store).toBe(survivor.name);
    expect(restored.checks.every(({ verdict }) => verdict === 'pass')).toBe(true);

    const { healed, failures } = await healBackups(far);
    expect(failures).toEqual([]);
    expect(healed.map(({ from }) => from)).toEqual([survivor.name, survivor.name]);
    expect(await states(1, far)).toEqual(ALL_GOOD);
  }
  expect((await healBackups(far)).healed).toEqual([]);
}, 180_000);

test('a damaged copy is found, healed from a good one, and counts again', async () => {
  const path = await pathIn(folder, 'disk', '.age');
  await flipByte(path, await readFile(path));
  expect(await states(1)).toEqual(['disk damaged', 'sftp good', 's3 good']);
  expect((await healBackups(deps)).healed).toMatchObject([{ store: 'disk', from: 'sftp' }]);
  expect(await states(1)).toEqual(ALL_GOOD);
  const [listed] = (await listBackups(deps)).backups;
  expect(listed?.copies.filter(({ failedAt }) => failedAt !== undefined)).toEqual([]);
});

test('a manifest, a proof or an entry of the catalogue that was lost or changed comes back', async () => {
  for (const ending of ['manifest.json', 'proof.json', 'RESTORE.md', 'catalog/00000001.json']) {
    await truncate(await pathIn(folder, 'disk', ending), 10);
    expect(await states(1), ending).toContain('disk damaged');
    expect((await healBackups(deps)).failures, ending).toEqual([]);
    expect(await states(1), ending).toEqual(ALL_GOOD);
    await rm(await pathIn(folder, 'disk', ending));
    expect(await states(1), ending).not.toEqual(ALL_GOOD);
    await healBackups(deps);
    expect(await states(1), ending).toEqual(ALL_GOOD);
  }
});

/** A store that cannot be reached. */
function away(store: Store): Store {
  const refuse = async (): Promise<never> => {
    throw new OmpayError('hostUnreachable', `${store.name} is away`, { hint: 'wait' });
  };
  const { name, medium, offsite, immutable } = store;
  const asked = { put: refuse, get: refuse, head: refuse, list: refuse, delete: refuse, sweep: refuse };
  return { name, medium, offsite, immutable, ...asked, weaknesses: refuse, close: async () => undefined };
}

test('a store that is away fails alone: the others have the backup, and it is healed later', async () => {
  const [disk, sftp, s3] = deps.stores;
  if (disk === undefined || sftp === undefined || s3 === undefined) throw new Error('three stores');
  const partial = { ...deps, stores: [disk, away(sftp), s3] };
  const { backup, failures } = await createBackup(partial);
  expect(backup.copies.map(({ store }) => store)).toEqual(['disk', 's3']);
  expect(failures).toMatchObject([{ store: 'sftp', error: { code: 'hostUnreachable' } }]);

  const verdicts = await verifyCopies(partial, { id: backup.id, level: 1 });
  expect(verdicts.map(({ store, state }) => `${store} ${state}`)).toEqual([
    'disk good',
    's3 good',
    'sftp unknown',
  ]);
  const told = statusOf(await storeFacts(partial.stores), await listBackups(partial), deps.clock.now());
  expect(told.map(({ problem }) => problem === null)).toEqual([true, false, true]);
  expect((await listBackups(deps)).backups[0]?.copies.map(({ store }) => store)).toEqual(['disk', 's3']);

  expect((await healBackups(deps)).healed).toMatchObject([
    { backup: backup.id, store: 'sftp', from: 'disk' },
  ]);
  expect((await verifyCopies(deps, { id: backup.id, level: 1 })).map(({ state }) => state)).toEqual([
    'good',
    'good',
    'good',
  ]);
});

test('what was pruned while a store was away goes there too, and does not come back', async () => {
  const [disk, sftp, s3] = deps.stores;
  if (disk === undefined || sftp === undefined || s3 === undefined) throw new Error('three stores');
  const { backups } = await listBackups(deps);
  const oldest = backups.at(-1)?.id ?? '';
  const plan = { keep: [], remove: [{ backup: oldest, reason: 'test' }], refusal: null };
  expect(await pruneBackups({ ...deps, stores: [disk, away(sftp), s3] }, plan)).toBe(2);
  const { healed, pruned } = await healBackups(deps);
  expect({ healed, pruned }).toEqual({ healed: [], pruned: 1 });
  expect((await listBackups(deps)).backups.map(({ id }) => id)).not.toContain(oldest);
  await mkdir(join(folder, 'work/intents'), { recursive: true });
  expect(await readdir(join(folder, 'work/intents'))).toEqual([]);
});
