import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Layout, localLayout } from '../../src/core/layout.ts';
import { keepEnvironment, readEnvironment } from '../../src/deploy/environment.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

function newLayout(): Layout {
  const layout = localLayout(temporaryFolder());
  mkdirSync(layout.state);
  return layout;
}

function keptAndRead(layout: Layout, value: string): string | undefined {
  keepEnvironment(layout, { APP_KEY: 'base64:AA==', DB_PASSWORD: value, LOG_LEVEL: 'info' });
  const { APP_KEY, DB_PASSWORD, LOG_LEVEL } = readEnvironment(layout.environment);
  expect([APP_KEY, LOG_LEVEL]).toEqual(['base64:AA==', 'info']);
  return DB_PASSWORD;
}

test.each([
  '',
  'plain',
  'two words',
  ' spaces around ',
  '#not a comment',
  'a"b',
  "a'b",
  'a`b',
  'a\\nb',
  'ends with \\',
  'C:\\new\\"table"',
  '\'single\' and "double"',
  '$HOME',
  'clé à 5 €',
])('a secret is read back as it was given: %j', (value) => {
  expect(keptAndRead(newLayout(), value)).toBe(value);
});

test('whatever a value holds, it is read back as it was or refused, and then nothing is written', () => {
  const layout = newLayout();
  const value = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'aZ0\'"`\\n\n\r #=$!{}\t') }),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(value, (password) => {
      keepEnvironment(layout, { DB_PASSWORD: 'before' });
      let read: string | undefined;
      try {
        read = keptAndRead(layout, password);
      } catch (error) {
        expect(error).toMatchObject({ code: 'configInvalid' });
        expect(/[\n\r\0]/.test(password) || ["'", '`'].every((quote) => password.includes(quote))).toBe(true);
        expect(readEnvironment(layout.environment)).toMatchObject({ DB_PASSWORD: 'before' });
        return;
      }
      expect(read).toBe(password);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['all three kinds of quotes', 's3cret\'"`'],
  ['two lines', 's3cret\nAPP_DEBUG=true'],
  ['a carriage return', 's3cret\r'],
])('a value with %s is refused by its name, never shown', async (_what, value) => {
  const layout = newLayout();
  const error = await ompayErrorOf(() => keepEnvironment(layout, { DB_PASSWORD: value }));
  expect(error.code).toBe('configInvalid');
  expect(error.message).toContain('DB_PASSWORD');
  expect(`${error.message} ${error.hint}`).not.toContain('s3cret');
  expect(existsSync(layout.environment)).toBe(false);
});

test('the file is for this user alone, one NAME=value a line, without what is undefined', () => {
  const layout = newLayout();
  keepEnvironment(layout, { APP_ENV: 'local', DB_PASSWORD: "it's", DB_HOST: undefined });
  expect(readFileSync(layout.environment, 'utf8')).toBe('APP_ENV=local\nDB_PASSWORD="it\'s"\n');
  expect(statSync(layout.environment).mode & 0o777).toBe(0o600);
});
