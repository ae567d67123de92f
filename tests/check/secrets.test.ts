import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { findSecrets } from '../../src/check/secrets.ts';
import { SECRET_RULES } from '../../src/core/secret-rules.ts';

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const mixed = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6a7B8c9D0e1F2g3H4i5J6k7L8m9N0o1P2';

/** One of each form, put together here, so that this file holds none. */
const EXAMPLES: Readonly<Record<string, string>> = {
  'private-key': `${'-----BEGIN'} RSA PRIVATE KEY-----\n${mixed}\n`,
  'age-key': `AGE-SECRET-KEY-${'1'}${'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L'.repeat(2).slice(0, 58)}`,
  'aws-key': `AKI${'A'}${base32.slice(0, 16)}`,
  'github-token': `gh${'p'}_${mixed.slice(0, 36)}`,
  'gitlab-token': `glpa${'t'}-${mixed.slice(0, 20)}`,
  'npm-token': `np${'m'}_${mixed.slice(0, 36)}`,
  'slack-token': `xox${'b'}-${mixed.slice(0, 24)}`,
  'slack-webhook': `https://hooks.slack.com/${'services'}/T0A1B2C3/B0A1B2C3/${mixed.slice(0, 24)}`,
  'stripe-key': `sk_${'live'}_${mixed.slice(0, 24)}`,
  'google-key': `AIz${'a'}${mixed.slice(0, 35)}`,
  jwt: `ey${'J'}${mixed.slice(0, 20)}.ey${'J'}${mixed.slice(0, 30)}.${mixed.slice(0, 43)}`,
  'app-key': `base64${':'}${randomBytes(32).toString('base64')}`,
  'password-in-url': `mysql://ompay:${'S3cr3t'}word@db.example/ompay`,
  assignment: `const db_password = ${"'"}${mixed.slice(0, 24)}';`,
};

test.each(SECRET_RULES.map(({ name }) => name))('%s is found, and its line', (rule) => {
  const hits = findSecrets([{ path: 'a.txt', text: `one\ntwo\nkey ${EXAMPLES[rule]}\n` }]);
  expect(hits).toContainEqual({ path: 'a.txt', line: 3, rule });
});

test.each([
  ['a key that is read elsewhere', 'const password = process.env.DB_PASSWORD;'],
  ['a placeholder', "const api_key = '<your key goes in here>';"],
  ['words', "const password = 'correct horse battery';"],
  ['a template', `const token = "${'$'}{await readTheToken()}";`],
  ['a hash of the requirements', 'sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  ['a public key', `${'-----BEGIN'} PUBLIC KEY-----\n${mixed}`],
  ['the header of a private key alone', `expect(pem).toContain('${'-----BEGIN'} PRIVATE KEY-----');`],
  ['an address without a password', 'https://api.example.test:8443/path?x=y'],
  ['a repeated filler', `APP_KEY=base64:${'A'.repeat(43)}=`],
])('%s is no secret', (_what, text) => {
  expect(findSecrets([{ path: 'a.txt', text }])).toEqual([]);
});

test('what is told never holds the secret', () => {
  const told = JSON.stringify(findSecrets([{ path: 'a', text: Object.values(EXAMPLES).join('\n') }]));
  expect(told).not.toContain(mixed.slice(0, 16));
});
