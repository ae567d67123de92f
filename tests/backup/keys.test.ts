import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureBackupKeys, keyPath, readKey, rotateKey, setEscrow } from '../../src/backup/keys.ts';
import { systemClock } from '../../src/core/clock.ts';
import { removeFolder, temporaryFolder } from '../fixtures/pglite.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await temporaryFolder(), 'keys');
});
afterEach(() => removeFolder(join(folder, '..')));

test('the keys are made once, private, and found again', async () => {
  const made = await ensureBackupKeys(folder, systemClock);
  expect(made.recipients.map(({ name }) => name)).toEqual(['operations', 'escrow']);
  expect(new Set(made.recipients.map(({ recipient }) => recipient)).size).toBe(2);
  for (const name of ['operations', 'escrow'] as const) {
    expect((await stat(keyPath(folder, name))).mode & 0o777).toBe(0o600);
  }
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  const again = await ensureBackupKeys(folder, systemClock);
  expect(again.recipients).toEqual(made.recipients);
  expect(again.identity.reveal()).toBe(made.identity.reveal());
});

test('a key never prints', async () => {
  const { identity } = await ensureBackupKeys(folder, systemClock);
  expect(`${identity} ${JSON.stringify({ identity })}`).not.toContain('AGE-SECRET-KEY');
});

test('a key file of age-keygen is read', async () => {
  await ensureBackupKeys(folder, systemClock);
  const text = await readFile(keyPath(folder, 'escrow'), 'utf8');
  expect((await readKey(keyPath(folder, 'escrow'))).recipient).toBe(/age1[a-z0-9]+/.exec(text)?.[0]);
});

test('a damaged key file is refused by name, never replaced, and its content is not told', async () => {
  await ensureBackupKeys(folder, systemClock);
  const path = keyPath(folder, 'operations');
  for (const [text, told] of [
    ['nonsense', path],
    ['AGE-SECRET-KEY-1QQQQ', 'not an age identity'],
  ] as const) {
    await writeFile(path, text);
    const error = await ensureBackupKeys(folder, systemClock).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'configInvalid', message: expect.stringContaining(told) });
    expect(String(error)).not.toContain('QQQQ');
    expect(await readFile(path, 'utf8')).toBe(text);
  }
});

test('a key that is not there is said to be missing', async () => {
  await expect(readKey(keyPath(folder, 'escrow'))).rejects.toMatchObject({ code: 'notFound' });
});

test('a rotated key is another; the former one stays and opens what was made for it', async () => {
  const before = await ensureBackupKeys(folder, systemClock);
  const recipient = await rotateKey(folder, 'operations', systemClock);
  const after = await ensureBackupKeys(folder, systemClock);
  expect(after.recipients).toEqual([{ name: 'operations', recipient }, before.recipients[1]]);
  expect(after.identity.reveal()).not.toBe(before.identity.reveal());
  expect(after.formerIdentities.map((each) => each.reveal())).toEqual([before.identity.reveal()]);
});

test('escrow may be a public half alone; then its private half is never made here', async () => {
  const { recipients } = await ensureBackupKeys(folder, systemClock);
  const recipient = recipients[0]?.recipient ?? '';
  await setEscrow(folder, recipient);
  const keys = await ensureBackupKeys(folder, systemClock);
  expect(keys.escrowIdentity).toBeNull();
  expect(keys.recipients[1]).toEqual({ name: 'escrow', recipient });
  await expect(rotateKey(folder, 'escrow', systemClock)).rejects.toMatchObject({ code: 'configInvalid' });
  await expect(setEscrow(folder, 'age1nonsense')).rejects.toMatchObject({ code: 'usage' });
});
