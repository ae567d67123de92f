import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lineWriter } from '../../../src/api/log/lines.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';

/** A writer whose target can be changed, and what it told. */
function open() {
  const path = join(temporaryFolder(), 'a.log');
  const file = openSync(path, 'a');
  const full = openSync('/dev/full', 'w');
  onTestFinished(() => {
    closeSync(file);
    closeSync(full);
  });
  const state = { target: file, dropped: 0 };
  const writer = lineWriter({
    descriptor: () => state.target,
    onDropped: () => {
      state.dropped += 1;
    },
    describeGap: (count) => `${count} missing\n`,
  });
  return { writer, state, file, full, text: () => readFileSync(path, 'utf8') };
}

test('each line is written at once', () => {
  const { writer, text } = open();
  writer.write('one\n');
  expect(text()).toBe('one\n');
  writer.write('deux é\n');
  expect(text()).toBe('one\ndeux é\n');
});

test('on a full disk lines are dropped and counted, and the gap is told once there is room', () => {
  const { writer, state, file, full, text } = open();
  writer.write('one\n');
  state.target = full;
  writer.write('two\n');
  writer.write('three\n');
  expect(state.dropped).toBe(2);
  state.target = file;
  writer.write('four\n');
  writer.write('five\n');
  expect(text()).toBe('one\n2 missing\nfour\nfive\n');
  expect(state.dropped).toBe(2);
});

test('no line is glued to the beginning of another that did not get through', () => {
  const { writer, state } = open();
  const path = join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(pipe));
  state.target = pipe;
  const bytes = Buffer.alloc(200_000);
  // More than a pipe holds, and nobody reads it.
  writer.write(`${'x'.repeat(150_000)}\n`);
  expect(state.dropped).toBe(1);
  const taken = readSync(pipe, bytes);
  expect(taken).toBeLessThan(150_000);
  writer.write('next\n');
  expect(bytes.toString('utf8', 0, readSync(pipe, bytes))).toBe('\n1 missing\nnext\n');
});
