import { generateKeyPairSync } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { directoryStore } from '../../../src/store/directory.ts';
import { appendCatalog, type CatalogEvent, readCatalog } from '../../../src/store/repository/catalog.ts';
import { catalogKey } from '../../../src/store/repository/paths.ts';
import { livingEntries } from '../../../src/store/repository/published.ts';
import type { Store } from '../../../src/store/store.ts';
import { removeFolder, temporaryFolder } from '../../fixtures/pglite.ts';

const REPOSITORY = 'local/pglite-1/';
const ours = generateKeyPairSync('ed25519');
const keys = { signingKey: ours.privateKey, verificationKey: ours.publicKey };

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await temporaryFolder();
  store = directoryStore({ name: 'disk', root: folder, offsite: false });
  for (const backup of ['A', 'B', 'C']) await appendCatalog(store, REPOSITORY, event(backup), keys);
});
afterEach(() => removeFolder(folder));

function event(backup: string, kind: CatalogEvent['event'] = 'published'): CatalogEvent {
  const base = `${REPOSITORY}base/${backup}/`;
  return { event: kind, at: '2026-11-22T00:00:00.000Z', backup, base, manifestSha256: 'f', reason: 'r' };
}

function read() {
  return readCatalog(store, REPOSITORY, keys.verificationKey);
}

function path(seq: number): string {
  return join(folder, catalogKey(REPOSITORY, seq));
}

test('entries come back in order', async () => {
  expect((await read()).map(({ seq, backup }) => `${seq} ${backup}`)).toEqual(['1 A', '2 B', '3 C']);
});

test('a pruned backup is not a living one, a backup published again is', async () => {
  await appendCatalog(store, REPOSITORY, event('B', 'pruned'), keys);
  expect(livingEntries(await read()).map(({ backup }) => backup)).toEqual(['A', 'C']);
});

test('writers at the same time each get a number of their own', async () => {
  const seqs = await Promise.all(
    ['D', 'E', 'F'].map((backup) => appendCatalog(store, REPOSITORY, event(backup), keys)),
  );
  expect(seqs.sort()).toEqual([4, 5, 6]);
  expect(await read()).toHaveLength(6);
});

test('a changed field is found and its entry is named', async () => {
  const text = await readFile(path(2), 'utf8');
  await writeFile(path(2), text.replace('"backup": "B"', '"backup": "X"'));
  await expect(read()).rejects.toMatchObject({
    code: 'backupDamaged',
    message: expect.stringContaining('00000002.json'),
  });
});

test('an entry that is deleted, or two that are swapped, are found', async () => {
  await rename(path(2), join(folder, 'aside'));
  await expect(read()).rejects.toMatchObject({ message: expect.stringContaining('00000003.json') });
  await rename(path(3), path(2));
  await rename(join(folder, 'aside'), path(3));
  await expect(read()).rejects.toMatchObject({ code: 'backupDamaged' });
});

test('a catalogue that someone else wrote anew is found', async () => {
  await rm(join(folder, REPOSITORY), { recursive: true });
  const other = generateKeyPairSync('ed25519');
  const otherKeys = { signingKey: other.privateKey, verificationKey: other.publicKey };
  await appendCatalog(store, REPOSITORY, event('A'), otherKeys);
  await expect(read()).rejects.toMatchObject({
    message: expect.stringContaining('signature is not by our key'),
  });
});
