import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLogger, loggerTo } from '../../src/api/log.ts';
import { manualClock } from '../fixtures/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const identity = { name: 'ompay-api', release: 'r1', environment: 'staging' } as const;
const limits = { days: 14, totalBytes: 1_000_000 };
const silent = { clock: manualClock(), identity, onDropped: () => {} };

function logged(write: (log: ReturnType<typeof loggerTo>) => void): Record<string, unknown> {
  const lines: string[] = [];
  const clock = manualClock(Date.UTC(2026, 10, 22, 10));
  write(loggerTo({ write: (line) => lines.push(line) }, 'info', { clock, identity }));
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '');
}

test("a line has the schema's fields, and ours under ompay", () => {
  expect(logged((log) => log.info({ 'http.request.id': 'q1', route: '/health' }, 'answered'))).toEqual({
    'log.level': 'info',
    '@timestamp': '2026-11-22T10:00:00.000Z',
    'ecs.version': '8.11.0',
    'service.name': 'ompay-api',
    'service.version': 'r1',
    'service.environment': 'staging',
    'event.dataset': 'ompay.api',
    'process.pid': process.pid,
    'http.request.id': 'q1',
    'ompay.route': '/health',
    message: 'answered',
  });
});

test('an error is told with its type and all its causes, and nobody is named in it', () => {
  const cause = new TypeError('Key (telephone)=(+221771234567) exists', { cause: '781234567' });
  const line = logged((log) => log.error({ err: new Error('outer 771234567', { cause }) }, 'failed'));
  expect(line).toMatchObject({
    'log.level': 'error',
    'error.type': 'Error',
    'error.message': 'outer [telephone]',
  });
  const stack = String(line['error.stack_trace']);
  expect(stack).toMatch(/^Error: outer \[telephone\]\n {4}at /);
  expect(stack).toMatch(/\nCaused by: TypeError: Key \(telephone\)=\(\[telephone\]\) exists\n {4}at /);
  expect(stack).toMatch(/\nCaused by: \[telephone\]$/);
});

test('what was thrown and is no error is told as its text', () => {
  expect(logged((log) => log.error({ err: '781234567' }, 'failed'))).toMatchObject({
    'error.message': '[telephone]',
    message: 'failed',
  });
});

test('causes that go round are told a few times', () => {
  const error = new Error('round');
  error.cause = error;
  const line = logged((log) => log.error({ err: error }, 'failed'));
  expect(String(line['error.stack_trace']).match(/Caused by/g)).toHaveLength(5);
});

test('the daily channel writes to its folder, for its user alone to read', () => {
  const folder = join(temporaryFolder(), 'logs');
  const clock = manualClock(Date.UTC(2026, 10, 22));
  const settings = { channel: 'daily', folder, level: 'info', limits } as const;
  createLogger(settings, { clock, identity, onDropped: () => {} }).info('here');
  expect(readdirSync(folder)).toEqual(['api-2026-11-22.log']);
  expect(readFileSync(join(folder, 'api-2026-11-22.log'), 'utf8')).toContain('"message":"here"');
});

test('lines missed on a full disk are counted, and told of where writing works again', () => {
  const folder = temporaryFolder();
  symlinkSync('/dev/full', join(folder, 'api-2026-11-22.log'));
  const clock = manualClock(Date.UTC(2026, 10, 22, 23, 59));
  const settings = { channel: 'daily', folder, level: 'info', limits } as const;
  let dropped = 0;
  const onDropped = (): void => {
    dropped += 1;
  };
  const log = createLogger(settings, { clock, identity, onDropped });
  log.info('lost');
  expect(dropped).toBe(1);
  clock.pass(60_000);
  log.info('kept');
  const lines = readFileSync(join(folder, 'api-2026-11-23.log'), 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).message)).toEqual([
    '1 lines could not be written and are missing here',
    'kept',
  ]);
});

test('the stderr channel writes to standard error', () => {
  const settings = { channel: 'stderr', folder: null, level: 'info', limits };
  const source = `
    import { createLogger } from './src/api/log.ts';
    import { systemClock } from './src/core/clock.ts';
    const parts = { clock: systemClock, identity: ${JSON.stringify(identity)}, onDropped: () => {} };
    createLogger(${JSON.stringify(settings)}, parts).info('there');`;
  const { stderr, stdout } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', source], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(JSON.parse(stderr)).toMatchObject({ message: 'there' });
  expect(stdout).toBe('');
  // Here too, where it is seen among the lines of the tests.
  createLogger({ ...settings, channel: 'stderr', level: 'info' }, silent).info('a line of a test');
});
