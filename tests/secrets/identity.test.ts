import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { ensureIdentity, findIdentity, identityPath } from '../../src/secrets/identity.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

test('the key is where the variable says, else in the configuration folder of the user', () => {
  expect(identityPath({ HOME: '/h' })).toBe('/h/.config/ompay/identity.agekey');
  expect(identityPath({ HOME: '/h', XDG_CONFIG_HOME: '/c' })).toBe('/c/ompay/identity.agekey');
  expect(identityPath({ HOME: '/h', OMPAY_AGE_IDENTITY_FILE: '/k' })).toBe('/k');
});

test('of several who make the key at once, all end with the one that is kept', async () => {
  const [home, root] = [temporaryFolder(), temporaryFolder()];
  const made = await Promise.all([1, 2, 3, 4].map(() => ensureIdentity({ HOME: home }, root, systemClock)));
  const path = join(home, '.config/ompay/identity.agekey');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const [recipient] = /age1\w+/.exec(readFileSync(path, 'utf8')) ?? [];
  expect(made.map((each) => each.recipient)).toEqual([1, 2, 3, 4].map(() => recipient));
  expect((await findIdentity({ HOME: home }, root))?.recipient).toBe(recipient);
});

test('a key is not made in the repository, nor is what is none taken for one', async () => {
  const root = temporaryFolder();
  const inside = { OMPAY_AGE_IDENTITY_FILE: join(root, 'deep/er/key') };
  expect(await ompayErrorOf(() => ensureIdentity(inside, root, systemClock))).toMatchObject({
    message: expect.stringContaining('lies in the repository'),
  });
  const error = await ompayErrorOf(() =>
    findIdentity({ OMPAY_AGE_IDENTITY: 'AGE-SECRET-KEY-1HUNTER' }, root),
  );
  expect(`${error.message} ${error.hint} ${error.stack}`).not.toContain('HUNTER');
});
