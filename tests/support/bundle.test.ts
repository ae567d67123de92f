import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { packBundle } from '../../src/support/bundle.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompay } from '../fixtures/ompay.ts';

const PLANTED: Readonly<Record<string, string>> = {
  known: 'the-database-secret-9',
  pin: '4821',
  otp: '739204',
  bearer: 'Zk3vQ9xTq8mWcR1yLbN0sHdJfGuEaPoIiUyTrEwQ1aa',
  phone: '771234567',
  aws: 'AKIAABCDEFGHIJKLMNOP',
  age: `AGE-SECRET-KEY-1${'QPZRY9X8GF'.repeat(6).slice(0, 58)}`,
  pem: 'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg',
  url: 'urlpassword77',
  key: '3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=',
};

const PLANTED_TEXT = `
plain ${PLANTED.known} and ${Buffer.from(PLANTED.known ?? '').toString('base64')}
{"pin":"${PLANTED.pin}","telephone":"+221${PLANTED.phone}","message":"votre code est ${PLANTED.otp}"}
Authorization: Bearer ${PLANTED.bearer}
from ${PLANTED.phone} ${PLANTED.aws} ${PLANTED.age}
-----BEGIN PRIVATE KEY-----
${PLANTED.pem}
-----END PRIVATE KEY-----
mysql://ompay:${PLANTED.url}@db1/ompay
APP_KEY=base64:${PLANTED.key}
`;

/** All that the archive holds, unpacked by the system's own tar. */
function unpacked(archive: string): string {
  return execFileSync('tar', ['-xzOf', archive], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

test('no planted secret of any kind is in a bundle', async () => {
  const { bytes, contents } = await packBundle({
    documents: [
      { path: 'logs/api.log', about: 'a log', text: PLANTED_TEXT },
      {
        path: 'long.log',
        about: 'a long one',
        text: `${PLANTED_TEXT}${'line\n'.repeat(600_000)}${PLANTED_TEXT}`,
      },
    ],
    secrets: [new Secret(PLANTED.known ?? '')],
    nowMs: 0,
  });
  const path = join(temporaryFolder(), 'bundle.tar.gz');
  writeFileSync(path, bytes);
  const text = unpacked(path);
  for (const hidden of Object.values(PLANTED)) expect(text).not.toContain(hidden);
  expect(text).not.toContain(Buffer.from(PLANTED.known ?? '').toString('base64'));
  expect(text).toContain('the beginning is left out');
  expect(contents.map((each) => each.path)).toEqual(['logs/api.log', 'long.log']);
});

test('the command collects logs and settings without the secrets of this machine, for its user alone', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, '.ompay/logs'), { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, '.env'), `MAIL_PASSWORD=${PLANTED.known}\n`, { mode: 0o600 });
  writeFileSync(join(folder, '.ompay/logs/blue.log'), PLANTED_TEXT);
  const path = join(folder, 'bundle.tar.gz');
  const ended = await ompay(folder, 'support-bundle', '--output', path);
  expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
  expect(ended.stdout).toContain('logs/blue.log');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const text = unpacked(path);
  expect(text).toContain('plain ***');
  for (const hidden of Object.values(PLANTED)) expect(`${text}${ended.stdout}`).not.toContain(hidden);
  expect(readFileSync(join(folder, '.env'), 'utf8')).toContain(PLANTED.known);
}, 60_000);
