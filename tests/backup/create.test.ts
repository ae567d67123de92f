import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { captureBackup } from '../../src/backup/capture.ts';
import { createBackup } from '../../src/backup/create.ts';
import { listBackups } from '../../src/backup/list.ts';
import { abandonBackup, proveAndPublish } from '../../src/backup/publish.ts';
import type { BackupDeps } from '../../src/backup/types.ts';
import type { Store } from '../../src/store/store.ts';
import { backupDeps, type SigningKeys, signingKeys, storeIn } from '../fixtures/backup.ts';
import { LEDGER_TABLES, postTransfers } from '../fixtures/ledger.ts';
import { removeFolder, startDatabase, type TestDatabase, temporaryFolder } from '../fixtures/pglite.ts';

let folder: string;
let database: TestDatabase;
let keys: SigningKeys;
let deps: BackupDeps;

beforeAll(async () => {
  folder = await temporaryFolder();
  database = await startDatabase(folder);
  await database.query(LEDGER_TABLES);
  await database.query(postTransfers(500));
  keys = signingKeys();
});
afterAll(async () => {
  await database.stop('SIGKILL');
  await removeFolder(folder);
});
beforeEach(async () => {
  deps = await backupDeps(folder, keys);
});
afterEach(async () => {
  for (const name of ['disk', 'second', 'work']) await removeFolder(join(folder, name));
});

async function filesOf(name: string): Promise<readonly string[]> {
  const entries = await readdir(join(folder, name), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test('a backup lies in the documented layout, private, and is listed', async () => {
  const { backup, checks, failures } = await createBackup(deps);
  const names = (await filesOf('disk')).map((path) =>
    path.slice(join(folder, 'disk').length + 1).replace(/base\/\d{8}T\d{6}Z-/, 'base/UTC-'),
  );
  const repository = `local/pglite-${backup.serverUuid}`;
  expect(names.sort()).toEqual([
    `${repository}/base/UTC-${backup.id}/RESTORE.md`,
    `${repository}/base/UTC-${backup.id}/data.tar.zst.age`,
    `${repository}/base/UTC-${backup.id}/manifest.json`,
    `${repository}/base/UTC-${backup.id}/proof.json`,
    `${repository}/catalog/00000001.json`,
    `${repository}/repo.json`,
  ]);
  for (const path of await filesOf('disk')) expect((await stat(path)).mode & 0o777, path).toBe(0o600);
  expect(checks).toBe(deps.queries.length);
  expect(failures).toEqual([]);
  expect(await listBackups(deps)).toEqual({ backups: [backup], problems: [] });
  expect(backup).toMatchObject({
    method: 'online',
    kind: 'full',
    serverVersion: expect.stringContaining('PGlite'),
  });
});

test('nothing of the keys or of the database stands readable beside the payload', async () => {
  await createBackup(deps);
  for (const path of await filesOf('disk')) {
    const bytes = await readFile(path);
    expect(bytes.includes(deps.identity.reveal()), path).toBe(false);
    expect(bytes.includes('AGE-SECRET-KEY'), path).toBe(false);
    expect(bytes.includes('PRIVATE KEY'), path).toBe(false);
  }
  expect(JSON.stringify(deps)).not.toContain(deps.identity.reveal());
});

test('a payload that was captured is no backup until it is proven', async () => {
  const captured = await captureBackup(deps);
  expect((await listBackups(deps)).backups).toEqual([]);
  const { backup } = await proveAndPublish(deps, captured);
  expect((await listBackups(deps)).backups.map(({ id }) => id)).toEqual([backup.id]);
});

test('a captured backup that is given up leaves nothing', async () => {
  await abandonBackup(deps, await captureBackup(deps));
  expect((await filesOf('disk')).filter((path) => !path.endsWith('repo.json'))).toEqual([]);
  expect((await filesOf('work')).filter((path) => path.includes('intents'))).toEqual([]);
  await createBackup(deps);
});

test('of two backups at once the second is refused and names the first', async () => {
  const captured = await captureBackup(deps);
  await expect(createBackup(deps)).rejects.toMatchObject({
    code: 'lockHeld',
    message: expect.stringContaining(captured.id),
  });
  await proveAndPublish(deps, captured);
  expect((await listBackups(deps)).backups).toHaveLength(1);
});

test('a copy that lost a row is never published', async () => {
  const captured = await captureBackup(deps);
  const forged = {
    ...deps,
    engine: {
      ...deps.engine,
      boot: async (dataFolder: string, request: { timeoutMs: number }) => {
        const copy = await deps.engine.boot(dataFolder, request);
        await copy.rows("delete from entries where transfer_id = 't7' and line = 0");
        return copy;
      },
    },
  };
  await expect(proveAndPublish(forged, captured)).rejects.toMatchObject({
    code: 'backupDamaged',
    message: expect.stringMatching(
      /entries sum to zero: sum_xof is .*every transfer balances: unbalanced is 1/,
    ),
  });
  expect((await listBackups(deps)).backups).toEqual([]);
  expect((await filesOf('disk')).filter((path) => path.includes('/base/'))).toEqual([]);
});

test('a ledger that does not balance at the source stops the backup', async () => {
  await database.query("update accounts set balance = balance + 1 where id = 'a1'");
  try {
    await expect(createBackup(deps)).rejects.toMatchObject({
      code: 'backupDamaged',
      message: expect.stringContaining('balances equal their entries: accounts_off is 1'),
    });
  } finally {
    await database.query("update accounts set balance = balance - 1 where id = 'a1'");
  }
});

test('each copy has its own state: a place that fails is reported, the other is a backup', async () => {
  const second = storeIn(folder, 'second', true);
  const full: Store = {
    ...second,
    put: async (key, content, options) => {
      if (key.endsWith('.age')) throw new Error('the second place is full');
      return second.put(key, content, options);
    },
  };
  const created = await createBackup({ ...deps, stores: [full, ...deps.stores] });
  expect(created.backup.copies.map(({ store }) => store)).toEqual(['disk']);
  expect(created.failures).toMatchObject([
    { store: 'second', error: { message: 'the second place is full' } },
  ]);
});

test('two places get the same bytes from one reading', async () => {
  const stores = [...deps.stores, storeIn(folder, 'second', true)];
  const { backup } = await createBackup({ ...deps, stores });
  expect(backup.copies).toMatchObject([
    { store: 'disk', offsite: false },
    { store: 'second', offsite: true },
  ]);
  const [first, second] = await Promise.all(
    ['disk', 'second'].map(async (name) => {
      const path = (await filesOf(name)).find((candidate) => candidate.endsWith('.age'));
      return readFile(path ?? '');
    }),
  );
  expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
});

test('a store that gives back other bytes than were written has no copy', async () => {
  const [disk] = deps.stores;
  if (disk === undefined) throw new Error('no store');
  const lying: Store = {
    ...disk,
    get: async (key) => {
      const source = await disk.get(key);
      return key.endsWith('.age') ? flipped(source) : source;
    },
  };
  await expect(createBackup({ ...deps, stores: [lying] })).rejects.toMatchObject({
    code: 'backupDamaged',
    message: expect.stringContaining('written were'),
  });
  expect((await filesOf('disk')).filter((path) => path.includes('/base/'))).toEqual([]);
});

async function* flipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    const bytes = Buffer.from(chunk);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    yield bytes;
  }
}

test('a fresh database without the ledger is backed up and its checks say absent', async () => {
  const queries = [
    { name: 'nowhere', expect: 'zero', sql: 'select count(*) as n from nowhere' },
    { name: 'also nowhere', expect: 'grows', sql: 'select count(*) as n from nowhere' },
  ] as const;
  await createBackup({ ...deps, queries });
  const proof = (await filesOf('disk')).find((path) => path.endsWith('proof.json'));
  const { checks } = JSON.parse(await readFile(proof ?? '', 'utf8'));
  expect(checks).toMatchObject([{ verdict: 'absent' }, { verdict: 'absent' }]);
});
