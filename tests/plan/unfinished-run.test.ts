import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/plan/event.ts';
import { journalFiles, openJournal } from '../../src/plan/journal.ts';
import { unfinishedRun } from '../../src/plan/unfinished-run.ts';
import { manualClock } from '../fixtures/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

const COMMANDS = ['deploy', 'rollback'];

function began(command: string, release: string): RunEvent {
  return { type: 'run-started', command, title: command, input: { release } };
}

function ended(exitCode: number): RunEvent {
  return { type: 'run-done', exitCode, durationMs: 1, summary: 'done', data: {} };
}

/** What is found in a journal of these runs, each with its events. */
function foundAfter(runs: Readonly<Record<string, readonly RunEvent[]>>) {
  const folder = temporaryFolder();
  const files = journalFiles({ journal: join(folder, 'journal'), keys: join(folder, 'keys') });
  for (const [run, events] of Object.entries(runs)) {
    const journal = openJournal(files, { run, by: 'ana@mac' }, manualClock());
    for (const event of events) journal.append(event);
  }
  return unfinishedRun(files, COMMANDS);
}

const KILLED = { command: 'rollback', input: { release: 'aaaa' } };

test('a run that never wrote its end was killed', () => {
  expect(foundAfter({ a: [began('deploy', 'bbbb'), ended(0)], b: [began('rollback', 'aaaa')] })).toEqual(
    KILLED,
  );
});

test('a run that came to its end, well or not, is finished, and so is what was killed before it', () => {
  for (const exitCode of [0, 3, 5, 6, 130]) {
    expect(
      foundAfter({ a: [began('rollback', 'aaaa')], b: [began('deploy', 'bbbb'), ended(exitCode)] }),
    ).toBeUndefined();
  }
});

test('who was refused the lock, and other commands, do not hide the killed one', () => {
  expect(
    foundAfter({
      a: [began('rollback', 'aaaa')],
      b: [began('deploy', 'bbbb'), ended(4)],
      c: [began('down', ''), ended(0)],
    }),
  ).toEqual(KILLED);
});

test('a journal that is not there, or holds no run, tells of none', () => {
  expect(foundAfter({})).toBeUndefined();
  expect(foundAfter({ a: [{ type: 'note', text: 'lock acquired by hand', data: {} }] })).toBeUndefined();
});
