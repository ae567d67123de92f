import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { ask } from '../fixtures/ask.ts';
import { migratedDatabase, type Place } from '../fixtures/place.ts';

/** The listeners of before: the entry's are taken off again, as this process is not its own. */
let before: ReadonlySet<unknown>;

const ARGV = process.argv;

beforeEach(() => {
  vi.resetModules();
  before = new Set(listeners());
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
});

afterEach(() => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    for (const each of process.listeners(signal)) if (!before.has(each)) process.off(signal, each);
  }
  for (const each of ownHandlers()) process.off('uncaughtException', each);
  process.argv = ARGV;
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

function listeners(): readonly unknown[] {
  return [
    ...process.listeners('SIGTERM'),
    ...process.listeners('SIGINT'),
    ...process.listeners('uncaughtException'),
  ];
}

function ownHandlers(): readonly NodeJS.UncaughtExceptionListener[] {
  return process.listeners('uncaughtException').filter((each) => !before.has(each));
}

function uncaught(error: Error): void {
  for (const handle of ownHandlers()) handle(error, 'uncaughtException');
}

/** The entry, in this process, once it serves. */
async function startMain({ socketPath, variables }: Place) {
  for (const [name, value] of Object.entries({ ...variables, API_SOCKET: socketPath }))
    vi.stubEnv(name, value);
  const ended = import('../../src/api/main.ts').then(
    () => 'ended by itself',
    (error: unknown) => String(error),
  );
  await serving(socketPath);
  return ended;
}

async function serving(socketPath: string): Promise<void> {
  await expect
    .poll(() => ask({ socketPath }, '/ready').catch(() => undefined), { timeout: 30_000 })
    .toMatchObject({ status: 200 });
}

test('the process serves on its socket and, told to stop, drains and ends', async () => {
  const place = await migratedDatabase();
  // Left by a process that was killed.
  writeFileSync(place.socketPath, '');
  const main = { ended: startMain(place) };
  await serving(place.socketPath);
  process.emit('SIGTERM');
  expect(await main.ended).toBe('ended by itself');
  expect(existsSync(place.socketPath)).toBe(false);
});

test('a second signal ends it at once', async () => {
  const place = await migratedDatabase();
  const main = { ended: startMain(place) };
  await serving(place.socketPath);
  process.emit('SIGTERM');
  expect(() => process.emit('SIGINT')).toThrow('exit 130');
  await main.ended;
});

test('an error that nobody caught makes it drain, and end with 1; another one while it does so is told', async () => {
  const place = await migratedDatabase();
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const main = { ended: startMain(place) };
  await serving(place.socketPath);
  uncaught(new Error('nobody foresaw this'));
  uncaught(new Error('nor that'));
  expect(await main.ended).toBe('Error: exit 1');
  const text = written.mock.calls.join('');
  expect(text).toContain('ompay api: while it stops: nor that\n');
  expect(text).toContain('ompay api: uncaughtException: the process drains and ends\n');
});

test('`worker` delivers messages instead, until it is told to stop', async () => {
  const { variables } = await migratedDatabase();
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  process.argv = [...ARGV.slice(0, 2), 'worker'];
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const ended = import('../../src/api/main.ts').then(() => 'ended by itself');
  await expect.poll(() => ownHandlers()).toHaveLength(1);
  process.emit('SIGTERM');
  expect(await ended).toBe('ended by itself');
  expect(written.mock.calls.join('')).not.toContain('hint');
});

test('a bad environment ends the process with 2 and one message', async () => {
  vi.stubEnv('APP_KEY', '');
  vi.stubEnv('DB_SOCKET', 'here');
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await expect(import('../../src/api/main.ts')).rejects.toThrow('exit 2');
  const text = written.mock.calls.join('');
  expect(text).toContain('ompay api: the environment is not usable: APP_KEY is missing');
  expect(text).toContain('hint: see docs/config.md');
});

test('what nobody foresaw at its start ends the process with 6', async () => {
  const { variables } = await migratedDatabase();
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    taken.close();
  });
  const address = taken.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  for (const [name, value] of Object.entries({ ...variables, API_PORT: String(address.port) }))
    vi.stubEnv(name, value);
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await expect(import('../../src/api/main.ts')).rejects.toThrow('exit 6');
  expect(written.mock.calls.join('')).toContain('EADDRINUSE');
});

/** In a process of the API: something fails, and nobody is there to catch it. */
const FAILS_WHEN_ASKED = `process.on('SIGUSR2', () => { Promise.reject(new Error('nobody foresaw 771234567')) })`;

test.each([
  ['SIGTERM', 0],
  ['SIGUSR2', 1],
] as const)('a real process that gets %s drains and exits with %i', async (signal, code) => {
  const { socketPath, variables } = await migratedDatabase();
  const child = spawn(
    process.execPath,
    ['--import', `data:text/javascript,${FAILS_WHEN_ASKED}`, 'src/api/main.ts'],
    { env: { ...variables, API_SOCKET: socketPath, LOG_LEVEL: 'info' }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const ended = new Promise((resolve) => child.once('close', (exit, killer) => resolve(exit ?? killer)));
  await serving(socketPath);
  child.kill(signal);
  expect(await ended).toBe(code);
  expect(text).toContain('"message":"stopped"');
  if (code === 0) return;
  const told = text.split('\n').find((line) => line.includes('"fatal"'));
  expect(JSON.parse(told ?? '{}')).toMatchObject({
    message: 'unhandledRejection: the process drains and ends',
    'error.message': 'nobody foresaw [telephone]',
  });
});
