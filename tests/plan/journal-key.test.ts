import { sign, verify } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { journalKey, journalPublicKey } from '../../src/plan/journal-key.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';
import { filesIn } from './written-journal.ts';

const RESTORE = (path: string) => `restore ${path} from its copy; without it new lines cannot be signed`;
const PERMIT = (path: string) =>
  `make ${path} readable for this user, or choose another place with -C FOLDER`;

test('the key is made once, signs for its public half, and is for this user alone', () => {
  const files = filesIn(temporaryFolder());
  expect(journalPublicKey(files)).toBeUndefined();
  const key = journalKey(files);
  const publicKey = journalPublicKey(files);
  if (publicKey === undefined) throw new Error('the public key was not written');
  expect(verify(null, Buffer.from('x'), publicKey, sign(null, Buffer.from('x'), key))).toBe(true);
  expect(journalKey(files).equals(key)).toBe(true);
  expect(statSync(files.privateKey).mode & 0o777).toBe(0o600);
  expect(statSync(files.publicKey).mode & 0o777).toBe(0o644);
  expect(readFileSync(files.privateKey, 'utf8')).toContain('BEGIN PRIVATE KEY');
  expect(readFileSync(files.publicKey, 'utf8')).toContain('BEGIN PUBLIC KEY');
});

test('folders that others may read are closed to them', () => {
  const files = filesIn(temporaryFolder());
  const folders = [dirname(files.mutex), dirname(files.privateKey)];
  for (const folder of folders) {
    mkdirSync(folder);
    chmodSync(folder, 0o755);
  }
  journalKey(files);
  expect(folders.map((folder) => statSync(folder).mode & 0o777)).toEqual([0o700, 0o700]);
});

test("nothing is made in another user's folder", async () => {
  // The system's root folder, unless this user is root.
  const isRoot = process.getuid?.() === 0;
  const folder = isRoot ? temporaryFolder() : '/';
  if (isRoot) chownSync(folder, 65_534, 65_534);
  const files = filesIn(folder);
  const { message } = await ompayErrorOf(() => journalKey(files));
  expect(message).toContain(`the folder ${folder} belongs to user `);
  expect(existsSync(dirname(files.mutex))).toBe(false);
});

test.each(['journal', 'keys'])(
  'a file where the folder %s should be is told, with what to do',
  async (name) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, name), 'a file in its place');
    expect(await ompayErrorOf(() => journalKey(filesIn(folder)))).toMatchObject({
      code: 'stateUnusable',
      message: `cannot make the folder ${join(folder, name)} (EEXIST)`,
      hint: 'make its parent writable for this user, or choose another place with -C FOLDER',
      cause: { code: 'EEXIST' },
    });
  },
);

test.each([
  ['private', 'privateKey', journalKey],
  ['public', 'publicKey', journalPublicKey],
] as const)('a %s key that is damaged is to be restored, and is not replaced', async (_what, part, read) => {
  const files = filesIn(temporaryFolder());
  journalKey(files);
  writeFileSync(files[part], 'not a key');
  expect(await ompayErrorOf(() => read(files))).toMatchObject({
    code: 'stateUnusable',
    message: `cannot read the journal's key ${files[part]} (ERR_OSSL_UNSUPPORTED)`,
    hint: RESTORE(files[part]),
    cause: { code: 'ERR_OSSL_UNSUPPORTED' },
  });
  expect(readFileSync(files[part], 'utf8')).toBe('not a key');
});

test.each([
  ['private', 'privateKey', journalKey],
  ['public', 'publicKey', journalPublicKey],
] as const)('a %s key that cannot be reached is to be made readable', async (_what, part, read) => {
  const files = filesIn(temporaryFolder());
  journalKey(files);
  rmSync(files[part]);
  mkdirSync(files[part]);
  expect(await ompayErrorOf(() => read(files))).toMatchObject({
    code: 'stateUnusable',
    message: `cannot read the journal's key ${files[part]} (EISDIR)`,
    hint: PERMIT(files[part]),
    cause: { code: 'EISDIR' },
  });
});
