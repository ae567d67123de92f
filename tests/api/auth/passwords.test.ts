import { expect, test } from 'vitest';
import { createPasswordHasher } from '../../../src/api/auth/passwords.ts';

const passwords = createPasswordHasher();

test('a password opens its own hash only, and every hash has its own salt', async () => {
  const [first, second] = await Promise.all([passwords.hash('mot de passe'), passwords.hash('mot de passe')]);
  expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(second).not.toBe(first);
  expect(await passwords.verify('mot de passe', first)).toBe(true);
  expect(await passwords.verify('mot de passé', first)).toBe(false);
});

test('the two ways to write one accent are one password', async () => {
  const stored = await passwords.hash('caf\u00e9-au-lait');
  expect(await passwords.verify('cafe\u0301-au-lait', stored)).toBe(true);
});

test('without a hash the same work ends in a refusal', async () => {
  expect(await passwords.verify('mot de passe', null)).toBe(false);
});

test('a hash of another cost is a fault of ours, not a wrong password', async () => {
  await expect(passwords.verify('x', '$argon2id$v=19$m=64,t=1,p=1$AAAA$BBBB')).rejects.toThrow(
    'another form',
  );
});
