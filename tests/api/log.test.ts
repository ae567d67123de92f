import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLogger, loggerTo, scrub } from '../../src/api/log.ts';
import { manualClock } from '../fixtures/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const TOKEN = `${'A_b-'.repeat(10)}xyz`;

test('phone numbers and tokens are masked, other numbers are not', () => {
  expect(scrub('Duplicate entry +221771234567 for key users.telephone')).toBe(
    'Duplicate entry [telephone] for key users.telephone',
  );
  expect(scrub('of 781234567, 221701234567.')).toBe('of [telephone], [telephone].');
  expect(scrub(`bad ${TOKEN}!`)).toBe('bad [token]!');
  expect(scrub('17712345670 1795366799123 TXN20261122770000000')).toBe(
    '17712345670 1795366799123 TXN20261122770000000',
  );
});

test('an error is logged with its causes, and all of it is masked', () => {
  const lines: string[] = [];
  const log = loggerTo({ write: (line) => lines.push(line) }, 'info');
  log.error(
    { err: new Error('outer', { cause: new Error('Key (telephone)=(+221771234567) exists') }) },
    'failed',
  );
  log.error({ err: '781234567' }, 'failed');
  const text = lines.join('');
  expect(text).toContain('outer');
  expect(text).toContain('Key (telephone)=([telephone]) exists');
  expect(text).not.toMatch(/7[78]1234567/);
});

test('the daily channel writes one file a day and keeps fourteen', () => {
  const folder = join(temporaryFolder(), 'logs');
  const clock = manualClock(Date.UTC(2026, 10, 22, 23, 59));
  const log = createLogger({ channel: 'daily', folder, level: 'info' }, clock);
  log.info('before midnight');
  for (let day = 1; day <= 15; day += 1) writeFileSync(join(folder, `api-2025-01-${day + 10}.log`), '');
  writeFileSync(join(folder, 'other.log'), '');
  clock.pass(120_000);
  log.info('after midnight');
  log.info('still the same day');
  expect(readFileSync(join(folder, 'api-2026-11-22.log'), 'utf8')).toContain('before midnight');
  expect(readFileSync(join(folder, 'api-2026-11-23.log'), 'utf8').trim().split('\n')).toHaveLength(2);
  const names = readdirSync(folder).toSorted();
  expect(names).toHaveLength(15);
  expect(names.slice(0, 1)).toEqual(['api-2025-01-14.log']);
  expect(names.at(-1)).toBe('other.log');
});

test('the stderr channel writes no file', () => {
  expect(createLogger({ channel: 'stderr', folder: null, level: 'silent' }, manualClock()).level).toBe(
    'silent',
  );
});
