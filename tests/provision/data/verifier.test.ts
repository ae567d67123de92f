import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import {
  cachingSha2Verifier,
  nativeVerifier,
  scramOf,
  scramVerifier,
  shaCrypt,
} from '../../../src/provision/data/verifier.ts';

test('SHA-crypt gives what openssl passwd -5 gives', () => {
  expect(shaCrypt(new Secret('Hello world!'), 'saltstring')).toBe(
    '5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5',
  );
});

test.each([1, 31, 32, 33, 64, 65])(
  'a password of %i characters has a verifier of the form that MySQL takes',
  (length) => {
    const verifier = cachingSha2Verifier(new Secret('x'.repeat(length)), 'ompay@10.0.0.11');
    expect(verifier).toMatch(/^\$A\$005\$[0-9a-f]{20}[./0-9A-Za-z]{43}$/);
  },
);

test("MariaDB's is SHA-1 twice: that of `mariadb` as its manual has it", () => {
  expect(nativeVerifier(new Secret('mariadb'))).toBe('*54958E764CE10E50764C2EECBB71D01F08549980');
});

test("PostgreSQL's lets a server sign as RFC 7677's example", () => {
  const verifier = scramOf(new Secret('pencil'), Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'));
  const serverKey = Buffer.from(verifier.split(':').at(-1) ?? '', 'base64');
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const said = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${nonce}`;
  expect(createHmac('sha256', serverKey).update(said).digest('base64')).toBe(
    '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  );
});

test('a verifier is the same at each run, another for each account and password, and holds no password', () => {
  const password = new Secret('correct-horse-battery');
  for (const of of [cachingSha2Verifier, scramVerifier]) {
    expect(of(password, 'a')).toBe(of(password, 'a'));
    expect(new Set([of(password, 'a'), of(password, 'b'), of(new Secret('other'), 'a')]).size).toBe(3);
    expect(of(password, 'a')).not.toContain('correct-horse');
  }
});
