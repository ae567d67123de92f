import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dailyFile } from '../../../src/api/log/daily.ts';
import { manualClock } from '../../fixtures/clock.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';

const LIMITS = { days: 14, totalBytes: 1_600_000 };
const KB = 'x'.repeat(1_000);

test('there is one file a day, and those of the last fourteen days stay', () => {
  const folder = temporaryFolder();
  const clock = manualClock(Date.UTC(2026, 10, 22, 23, 59));
  const descriptor = dailyFile(folder, LIMITS, clock);
  writeSync(descriptor(), 'before midnight');
  for (let day = 11; day <= 25; day += 1) writeFileSync(join(folder, `api-2025-01-${day}.log`), '');
  writeFileSync(join(folder, 'other.log'), '');
  // As one that another process has just removed.
  symlinkSync('nowhere', join(folder, 'api-2025-01-10.log'));
  clock.pass(120_000);
  writeSync(descriptor(), 'after');
  writeSync(descriptor(), ' midnight');
  expect(readFileSync(join(folder, 'api-2026-11-22.log'), 'utf8')).toBe('before midnight');
  expect(readFileSync(join(folder, 'api-2026-11-23.log'), 'utf8')).toBe('after midnight');
  const names = readdirSync(folder).toSorted();
  expect(names).toHaveLength(15);
  expect(names[0]).toBe('api-2025-01-14.log');
  expect(names.at(-1)).toBe('other.log');
});

test('a file that has grown is followed by the next part, also where another process made it grow', () => {
  const folder = temporaryFolder();
  const [first, second] = [0, 1].map(() => dailyFile(folder, LIMITS, manualClock(0)));
  if (first === undefined || second === undefined) throw new Error('two writers were asked for');
  for (let line = 0; line < 110; line += 1) writeSync(first(), KB);
  writeSync(second(), 'second');
  expect(readdirSync(folder).toSorted()).toEqual(['api-1970-01-01.1.log', 'api-1970-01-01.log']);
  const part = readFileSync(join(folder, 'api-1970-01-01.1.log'), 'utf8');
  expect(part.endsWith('second')).toBe(true);
  expect(readFileSync(join(folder, 'api-1970-01-01.log'), 'utf8').length).toBeLessThan(104_000);
});

test('a process that starts goes on with the newest part of the day', () => {
  const folder = temporaryFolder();
  for (const part of ['', '.2', '.10']) writeFileSync(join(folder, `api-1970-01-01${part}.log`), part);
  writeSync(dailyFile(folder, LIMITS, manualClock(0))(), ' more');
  expect(readFileSync(join(folder, 'api-1970-01-01.10.log'), 'utf8')).toBe('.10 more');
});

test('all files together stay within their bound, and the oldest go', () => {
  const folder = temporaryFolder();
  const clock = manualClock(0);
  const descriptor = dailyFile(folder, LIMITS, clock);
  for (let line = 0; line < 4_000; line += 1) {
    if (line % 1_000 === 0) clock.pass(24 * 3_600_000);
    writeSync(descriptor(), KB);
  }
  const names = readdirSync(folder);
  const bytes = names.reduce((sum, name) => sum + readFileSync(join(folder, name)).length, 0);
  expect(bytes).toBeGreaterThan(LIMITS.totalBytes / 2);
  expect(bytes).toBeLessThanOrEqual(LIMITS.totalBytes);
  expect(names.some((name) => name.startsWith('api-1970-01-05'))).toBe(true);
  expect(names.some((name) => name.startsWith('api-1970-01-02'))).toBe(false);
});

test('while the next file cannot be opened, the one before stays in use', () => {
  const folder = temporaryFolder();
  const clock = manualClock(Date.UTC(2026, 10, 22));
  const descriptor = dailyFile(folder, LIMITS, clock);
  const before = descriptor();
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'no folder');
  clock.pass(24 * 3_600_000);
  expect(descriptor()).toBe(before);
  rmSync(folder);
  writeSync(descriptor(), 'again');
  expect(readFileSync(join(folder, 'api-2026-11-23.log'), 'utf8')).toBe('again');
});
