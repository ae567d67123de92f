import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { localHost } from '../../src/host/local.ts';
import { sh } from '../../src/shell/line.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const host = localHost();
const LIMIT = { timeoutMs: 20_000 };

/** Every process of the machine whose arguments hold the text. */
function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(commandLine)
    .filter((line) => line.includes(text));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

test('a command gives its output and its exit code; another code than 0 is a result', async () => {
  expect(await host.exec(sh`echo out; echo err >&2; exit 3`, LIMIT)).toEqual({
    exitCode: 3,
    stdout: 'out',
    stderr: 'err',
  });
});

test('a command ended by a signal has no exit code', async () => {
  expect(await host.exec(sh`kill -9 $$`, LIMIT)).toMatchObject({ exitCode: null });
});

test('stdin arrives whole, also when it is large or not read at all', async () => {
  const stdin = 'é'.repeat(1_000_000);
  expect((await host.exec(sh`wc -c`, { ...LIMIT, stdin })).stdout.trim()).toBe('2000000');
  expect(await host.exec(sh`true`, { ...LIMIT, stdin })).toMatchObject({ exitCode: 0 });
  expect(await host.exec(sh`cat`, LIMIT)).toMatchObject({ exitCode: 0, stdout: '' });
});

test('the time limit ends the shell and all that it started', async () => {
  const marker = '71.2301';
  const line = sh`sleep ${marker} & sleep ${marker}; true`;
  const error = await ompayErrorOf(() => host.exec(line, { timeoutMs: 300 }));
  expect(error).toMatchObject({
    code: 'timeout',
    message: '`sleep 71.2301 & sleep 71.2301; true` was still running after 300 ms',
  });
  await expect.poll(() => processesWith(`sleep ${marker}`)).toEqual([]);
});

test('a command that ignores SIGTERM is killed', async () => {
  const marker = '72.2302';
  const line = sh`trap '' TERM; while true; do sleep ${marker}; done`;
  const startedMs = performance.now();
  await expect(host.exec(line, { timeoutMs: 200 })).rejects.toMatchObject({ code: 'timeout' });
  expect(performance.now() - startedMs).toBeLessThan(20_000);
  await expect.poll(() => processesWith(`sleep ${marker}`)).toEqual([]);
});

test('a program that holds the output open does not outlive the time limit in our eyes', async () => {
  const startedMs = performance.now();
  await expect(host.exec(sh`sleep 30 & echo begun`, { timeoutMs: 300 })).rejects.toMatchObject({
    code: 'timeout',
  });
  expect(performance.now() - startedMs).toBeLessThan(20_000);
});

test('an interruption ends the command and gives the reason', async () => {
  const controller = new AbortController();
  const reason = new Error('the operator pressed Ctrl-C');
  const marker = '73.2303';
  const run = host.exec(sh`echo; sleep ${marker}; true`, { ...LIMIT, signal: controller.signal });
  await expect.poll(() => processesWith(`sleep ${marker}`).length).toBeGreaterThan(0);
  controller.abort(reason);
  await expect(run).rejects.toBe(reason);
  await expect.poll(() => processesWith(`sleep ${marker}`)).toEqual([]);
  await expect(host.exec(sh`true`, { ...LIMIT, signal: controller.signal })).rejects.toBe(reason);
});

test('a secret reaches the command but no argument list, and no message', async () => {
  const folder = temporaryFolder();
  const secret = new Secret(`pa'ss word ${process.pid}-7f3a`);
  const seen = join(folder, 'seen');
  const line = sh`printf %s ${secret} > ${seen}; sleep 74.2304`;
  const run = ompayErrorOf(() => host.exec(line, { timeoutMs: 1500 }));
  await expect.poll(() => existsSync(seen) && readFileSync(seen, 'utf8')).toBe(secret.reveal());
  expect(processesWith('7f3a')).toEqual([]);
  expect(processesWith('sleep 74.2304')).not.toEqual([]);
  const error = await run;
  expect(error.message).toContain('printf %s ***');
  expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain('7f3a');
});

test('the look into argument lists would find a secret that was there', async () => {
  const run = host.exec(sh`sleep 0.5; : ${'visible-7f3b'}`, LIMIT);
  await expect.poll(() => processesWith('visible-7f3b').length).toBeGreaterThan(0);
  await run;
});

test('a line with a secret cannot have a stdin of its own', async () => {
  const line = sh`cat ${new Secret('x')}`;
  await expect(host.exec(line, { ...LIMIT, stdin: 'y' })).rejects.toThrow(TypeError);
});

test('large output arrives whole; output without end is refused', async () => {
  const large = await host.exec(sh`head -c 8000000 /dev/zero | tr '\\0' a`, LIMIT);
  expect(large.stdout).toHaveLength(8_000_000);
  const error = await ompayErrorOf(() => host.exec(sh`yes`, LIMIT));
  expect(error).toMatchObject({ code: 'commandFailed', message: '`yes` wrote more than 16777216 bytes' });
});

test('what is put can be got again, with its mode', async () => {
  const path = join(temporaryFolder(), 'api.env');
  await host.put('A=é\n', path, 0o600);
  expect(Buffer.from(await host.get(path)).toString('utf8')).toBe('A=é\n');
  expect((await host.exec(sh`stat -c %a ${path}`, LIMIT)).stdout).toBe('600');
  await expect(host.get(`${path}.none`)).rejects.toMatchObject({ code: 'notFound' });
});
