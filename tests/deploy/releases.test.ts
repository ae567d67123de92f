import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256 } from '../../src/deploy/bundle.ts';
import { damagedFiles, listReleases, removeRelease, storeRelease } from '../../src/deploy/releases.ts';
import type { Release } from '../../src/deploy/types.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const content = Buffer.from('export {};\n');
const FILES = [{ path: 'api.mjs', content, sha256: sha256(content) }];

function release(id: string, builtAt: string): Release {
  return {
    id,
    version: '1.0.0',
    sha256: 'a'.repeat(64),
    builtAt,
    commit: null,
    node: '24.0.0',
    newestMigration: '0001',
    files: [{ path: 'api.mjs', sha256: sha256(content), sizeBytes: content.length }],
  };
}

const OLDER = release('1.0.0-aaaa', '2026-01-01T00:00:00.000Z');
const NEWER = release('1.0.0-bbbb', '2026-01-02T00:00:00.000Z');

function idsIn(folder: string): string[] {
  return listReleases(folder).map(({ id }) => id);
}

test('stored releases are listed newest first, whole', () => {
  const folder = join(temporaryFolder(), 'releases');
  expect(listReleases(folder)).toEqual([]);
  for (const each of [NEWER, OLDER]) storeRelease(folder, each, FILES);
  expect(listReleases(folder)).toEqual([NEWER, OLDER]);
  expect(damagedFiles(folder, NEWER)).toEqual([]);
});

test('what a killed deploy left is no release, even with a manifest, and the next one replaces it', () => {
  const folder = temporaryFolder();
  storeRelease(folder, OLDER, FILES);
  cpSync(join(folder, OLDER.id), join(folder, `${OLDER.id}.part`), { recursive: true });
  expect(idsIn(folder)).toEqual([OLDER.id]);
  rmSync(join(folder, OLDER.id), { recursive: true });
  expect(idsIn(folder)).toEqual([]);
  storeRelease(folder, OLDER, FILES);
  expect(idsIn(folder)).toEqual([OLDER.id]);
});

test('a folder of another name, without a manifest or with half of one, and a stray file are no releases', () => {
  const folder = temporaryFolder();
  storeRelease(folder, OLDER, FILES);
  renameSync(join(folder, OLDER.id), join(folder, 'copy-of-it'));
  mkdirSync(join(folder, 'empty'));
  mkdirSync(join(folder, NEWER.id));
  writeFileSync(join(folder, NEWER.id, 'manifest.json'), JSON.stringify(NEWER).slice(0, 40));
  writeFileSync(join(folder, 'notes.txt'), 'x');
  expect(idsIn(folder)).toEqual([]);
});

test('a state folder that is a file is said with its path and code, when reading and when writing', async () => {
  const state = join(temporaryFolder(), '.ompay');
  writeFileSync(state, 'a file in its place');
  const folder = join(state, 'releases');
  for (const work of [() => listReleases(folder), () => storeRelease(folder, OLDER, FILES)]) {
    const error = await ompayErrorOf(work);
    expect(error).toMatchObject({ code: 'stateUnusable', hint: expect.stringContaining('-C FOLDER') });
    expect(error.message).toMatch(/^cannot (read|write) .*\.ompay\/releases.* \(ENOTDIR\)$/);
  }
});

test('releases that the system does not let us read are an error, not an empty list', async () => {
  const folder = temporaryFolder();
  storeRelease(folder, OLDER, FILES);
  const manifest = join(folder, OLDER.id, 'manifest.json');
  rmSync(manifest);
  // A link to itself cannot be read by any user; root reads whatever the permissions say.
  symlinkSync(manifest, manifest);
  const error = await ompayErrorOf(() => listReleases(folder));
  expect(error).toMatchObject({ code: 'stateUnusable', message: `cannot read ${manifest} (ELOOP)` });
});

test('without the right to enter, the hint gives the owner back', async ({ skip }) => {
  const asNobody = process.seteuid;
  if (process.geteuid?.() !== 0 || asNobody === undefined) skip('needs root, to act as another user');
  const folder = temporaryFolder();
  storeRelease(folder, OLDER, FILES);
  const [before, unprivileged] = [0, 65_534];
  const actAs = (userId: number): void => asNobody?.call(process, userId);
  for (const work of [() => listReleases(folder), () => removeRelease(folder, OLDER.id)]) {
    actAs(unprivileged);
    const error = await ompayErrorOf(work).finally(() => actAs(before));
    expect(error).toMatchObject({ code: 'stateUnusable', hint: expect.stringContaining('sudo chown -R') });
    expect(error.message).toMatch(/\((EACCES|EPERM)\)$/);
  }
});
