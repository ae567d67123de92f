import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dropOwnership, livingOwner, parseIdentity, takeOwnership } from '../../src/core/ownership.ts';
import { thisProcess } from '../../src/core/process.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { startProgram } from '../fixtures/program.ts';

test('of processes that ask at the same moment one owns it, and the others are told which, 50 times', async () => {
  const folder = temporaryFolder();
  const programs = Array.from({ length: 3 }, () => startProgram('./owner.ts', []));
  await Promise.all(programs.map((program) => program.line()));
  for (let race = 0; race < 50; race += 1) {
    for (const program of programs) program.send(join(folder, `race-${race}`));
    const answers = await Promise.all(programs.map((program) => program.line()));
    const owner = programs[answers.indexOf('owner')]?.process.pid;
    expect(answers.filter((answer) => answer !== 'owner')).toEqual([String(owner), String(owner)]);
  }
}, 120_000);

test('an owner that was killed is replaced, and cannot drop what is not its own', async () => {
  const path = join(temporaryFolder(), 'owner.json');
  const program = startProgram('./owner.ts', []);
  await program.line();
  program.send(path);
  expect(await program.line()).toBe('owner');
  expect(takeOwnership(path)?.pid).toBe(program.process.pid);
  dropOwnership(path);
  expect(livingOwner(path)?.pid).toBe(program.process.pid);
  program.process.kill('SIGKILL');
  await program.ended;
  expect(takeOwnership(path)).toBeUndefined();
  expect(livingOwner(path)).toEqual(thisProcess());
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('taking it twice is no conflict, and dropping it removes the file', () => {
  const path = join(temporaryFolder(), 'owner.json');
  expect([takeOwnership(path), takeOwnership(path)]).toEqual([undefined, undefined]);
  dropOwnership(path);
  dropOwnership(path);
  expect(existsSync(path)).toBe(false);
});

test.each([
  '',
  '{',
  '[]',
  '{"pid":1}',
  '{"pid":-4,"startTime":"1"}',
  '{"pid":1.5,"startTime":"1"}',
  '{"pid":1,"startTime":5}',
])('a file that holds %j names nobody', (text) => {
  const path = join(temporaryFolder(), 'owner.json');
  writeFileSync(path, text);
  expect(livingOwner(path)).toBeUndefined();
  expect(takeOwnership(path)).toBeUndefined();
});

test('an identity is a number of a process and when it started', () => {
  expect(parseIdentity({ pid: 7, startTime: '9', more: true })).toEqual({ pid: 7, startTime: '9' });
  expect(parseIdentity(null)).toBeUndefined();
});
