import { expect, test } from 'vitest';
import { redacted } from '../../src/core/redaction.ts';
import { Secret } from '../../src/core/secret.ts';

test('a known secret is masked in every usual spelling', () => {
  const value = `p'a"ss & wörd/1`;
  const spellings = [
    value,
    JSON.stringify(value),
    encodeURIComponent(value),
    Buffer.from(value).toString('base64'),
    Buffer.from(value).toString('base64url'),
    value.replaceAll("'", String.raw`'\''`),
  ];
  for (const spelling of spellings) {
    const shown = redacted(`it says ${spelling} here`, [new Secret(value)]);
    expect(shown).toContain('***');
    expect(shown).not.toContain(spelling);
  }
});

test('of a secret of several lines no line stays', () => {
  const secret = new Secret('first line of it\nsecond line of it\n');
  expect(redacted('x second line of it y', [secret])).toBe('x *** y');
});

test.each([
  ['DB_PASSWORD=hunter22', 'hunter22'],
  ['export MAIL_PASSWORD="hun ter 22"', 'hun ter 22'],
  ['{"pin":"4821","x":1}', '4821'],
  ['{"pin":4821}', '4821'],
  ['{\\"code_pin\\":\\"4821\\"}', '4821'],
  ['votre code OTP est 482193', '482193'],
  ['PIN: 4821', '4821'],
  ['authorization: Bearer abcDEF123-_xyz', 'abcDEF123-_xyz'],
  ['"refresh_token":"QWErty_12345"', 'QWErty_12345'],
  ['mysql --password=topsecret', 'topsecret'],
  ['mysql://ompay:s3cr3tpass@db1/ompay', 's3cr3tpass'],
  [
    'APP_KEY=base64:3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=',
    '3q2+7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs=',
  ],
  ['-----BEGIN PRIVATE KEY-----\nMIGHAgEAMB\nsecondline\n-----END PRIVATE KEY-----', 'secondline'],
  ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk', 'b3BlbnNzaC1rZXk'],
  ['AKIAABCDEFGHIJKLMNOP', 'AKIAABCDEFGHIJKLMNOP'],
  [`AGE-SECRET-KEY-1${'Q'.repeat(58)}`, 'Q'.repeat(58)],
  ['+221 77 123 45 67', '123 45'],
  ['"telephone":"771234567"', '12345'],
  ['tel=+33612345678', '123456'],
])('%s is not shown', (text, hidden) => {
  expect(redacted(text, [])).not.toContain(hidden);
});

test('what helps to find a fault stays', () => {
  const text = [
    '2026-11-23T04:05:06.789Z INFO answered http.response.status_code=200 event.duration=12.3ms',
    'release 3f2a9c0d1e4b5a69 of 2026-11-23, 1700000000000 bytes, port 5432, error_code 1001, exit code 137',
    '"hash":"4cb79012345678901234567890123456789012345678901234567890123456ab"',
  ].join('\n');
  expect(redacted(text, [new Secret('abc')])).toBe(text);
});

test('a telephone keeps its ends, so that it is known again', () => {
  expect(redacted('from 771234567', [])).toBe('from 77…67');
});
