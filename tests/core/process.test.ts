import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isAlive, startTimeOf, thisProcess } from '../../src/core/process.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

function sleeper(): ReturnType<typeof spawn> & { pid: number } {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  if (child.pid === undefined) throw new Error('sleep did not start');
  return Object.assign(child, { pid: child.pid });
}

test('this process is alive and has a start time', () => {
  const identity = thisProcess();
  expect(identity.pid).toBe(process.pid);
  expect(identity.startTime).toMatch(/^\d+$/);
  expect(isAlive(identity)).toBe(true);
});

test('a process is alive until it ends', async () => {
  const child = sleeper();
  const identity = { pid: child.pid, startTime: startTimeOf(child.pid) ?? '' };
  expect(isAlive(identity)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isAlive(identity)).toBe(false);
});

test('a later process with the same number is another process', () => {
  const child = sleeper();
  expect(isAlive({ pid: child.pid, startTime: '1' })).toBe(false);
});

test('a zombie does nothing any more, so it counts as ended', async () => {
  // The shell waits on a sleep of its own and never reaps the child that it prints.
  const shell = spawn('/bin/sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => {
    shell.kill('SIGKILL');
  });
  const [output] = await once(shell.stdout, 'data');
  const pid = Number(String(output));
  await expect.poll(() => startTimeOf(pid)).toBeUndefined();
  expect(() => process.kill(pid, 0)).not.toThrow();
  expect(isAlive({ pid, startTime: '' })).toBe(false);
});

test('a program whose name holds spaces and parentheses is read rightly', () => {
  const program = join(temporaryFolder(), 'a) S (b c');
  copyFileSync('/bin/sleep', program);
  const child = spawn(program, ['60'], { stdio: 'ignore' });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
  expect(startTimeOf(child.pid ?? 0)).toBe(fields?.[19]);
});

test('numbers that no process has give nothing', () => {
  expect(startTimeOf(2 ** 22 + 1)).toBeUndefined();
  expect(isAlive({ pid: 2 ** 22 + 1, startTime: '' })).toBe(false);
});
