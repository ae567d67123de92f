import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withMutex } from '../../src/core/mutex.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { startProgram } from '../fixtures/program.ts';
import { fillDisk, mountSmallDisk } from '../fixtures/small-disk.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

test('processes take turns: no two are inside at once', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'turns');
  const programs = Array.from({ length: 4 }, () =>
    startProgram('./mutex-holder.ts', ['count', join(folder, 'mutex'), file, '20']),
  );
  await Promise.all(programs.map((program) => program.line()));
  for (const program of programs) program.send('go');
  expect(await Promise.all(programs.map((program) => program.ended))).toEqual([0, 0, 0, 0]);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(160);
  for (let index = 0; index < lines.length; index += 2) {
    expect(lines[index + 1]).toBe(lines[index]?.replace('in', 'out'));
  }
});

test('a mutex that stays taken gives lockHeld after its time, and is free once its holder was killed', async () => {
  const path = join(temporaryFolder(), 'mutex');
  const holder = startProgram('./mutex-holder.ts', ['hold', path]);
  await holder.line();
  const error = await ompayErrorOf(() => withMutex(path, 50, () => 'inside'));
  expect(error).toMatchObject({ code: 'lockHeld', message: `${path} was held by another process for 50 ms` });
  holder.process.kill('SIGKILL');
  await holder.ended;
  expect(withMutex(path, 50, () => 'inside')).toBe('inside');
});

test('what the body throws comes out, and the mutex is free again', () => {
  const path = join(temporaryFolder(), 'mutex');
  expect(() =>
    withMutex(path, 50, () => {
      throw new TypeError('body');
    }),
  ).toThrow(new TypeError('body'));
  expect(withMutex(path, 50, () => 1)).toBe(1);
});

test('a folder that is missing, or a file that is not a mutex, is said as such', async () => {
  const folder = temporaryFolder();
  const garbage = join(folder, 'garbage');
  writeFileSync(garbage, 'not a database, but long enough to be looked at as one'.repeat(100));
  mkdirSync(join(folder, 'a-folder'));
  for (const path of [join(folder, 'none', 'mutex'), garbage, join(folder, 'a-folder')]) {
    const error = await ompayErrorOf(() => withMutex(path, 50, () => 'inside'));
    expect(error).toMatchObject({ code: 'stateUnusable' });
    expect(error.message).toContain(path);
  }
});

test('on a full disk a mutex that was used before still works, and a new one is refused', async (context) => {
  const folder = temporaryFolder();
  using _disk = mountSmallDisk(context, folder, 256);
  const known = join(folder, 'known');
  withMutex(known, 50, () => undefined);
  fillDisk(folder);
  expect(withMutex(known, 50, () => 'inside')).toBe('inside');
  const error = await ompayErrorOf(() => withMutex(join(folder, 'new'), 50, () => 'inside'));
  expect(error).toMatchObject({ code: 'stateUnusable', message: expect.stringContaining('disk is full') });
});
