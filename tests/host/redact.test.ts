import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { Redactor } from '../../src/host/redact.ts';

function redacted(secrets: readonly string[], pieces: readonly string[]): string {
  const redactor = new Redactor(secrets.map((value) => new Secret(value)));
  return [...pieces.map((piece) => redactor.push(piece)), redactor.end()].join('');
}

test('a secret is masked wherever the pieces end', () => {
  const text = 'the password is p4$$.w[rd, twice: p4$$.w[rd';
  for (let cut = 0; cut <= text.length; cut += 1) {
    expect(redacted(['p4$$.w[rd'], [text.slice(0, cut), text.slice(cut)])).toBe(
      'the password is ***, twice: ***',
    );
  }
});

test('pieces of any size give what one piece gives', () => {
  const secrets = ['abca', 'abcabc', 'ccab'];
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 9 })), (pieces) => {
      const whole = redacted(secrets, [pieces.join('')]);
      expect(redacted(secrets, pieces)).toBe(whole);
      for (const secret of secrets) expect(whole).not.toContain(secret);
    }),
  );
});

test('of two secrets that begin alike the longer is masked whole', () => {
  expect(redacted(['secret', 'secret-and-more'], ['a secret', '-and-more b'])).toBe('a *** b');
});

test('values too short to be told from chance are left', () => {
  expect(redacted(['abc', ''], ['abc'])).toBe('abc');
});
