import { format, inspect } from 'node:util';
import pino from 'pino';
import { expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';

const VALUE = 'hunter2-but-longer';

test('a secret does not print, whichever way it is printed', () => {
  const secret = new Secret(VALUE);
  const holder = { password: secret, list: [secret], map: new Map([['k', secret]]) };
  const lines: string[] = [];
  pino({}, { write: (line: string) => lines.push(line) }).info(holder, `${secret}`);
  const seen = [
    String(secret),
    `${secret}`,
    `a${secret}`,
    JSON.stringify(holder),
    inspect(holder, { depth: 9, showHidden: true }),
    format('%s %j %o %O', secret, secret, secret, secret),
    Object.keys(secret).join(),
    Object.values({ ...secret }).join(),
    new Error(`wrong ${secret}`).stack ?? '',
    ...lines,
  ].join('\n');
  expect(seen).toContain('***');
  expect(seen).not.toContain(VALUE);
});

test('reveal is the way in', () => {
  expect(new Secret(VALUE).reveal()).toBe(VALUE);
});
