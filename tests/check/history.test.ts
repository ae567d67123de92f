import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type History, readHistory, stepIn } from '../../src/check/history.ts';
import { localLayout } from '../../src/core/layout.ts';
import type { RunEvent } from '../../src/plan/event.ts';
import { type JournalFiles, journalFiles, openJournal } from '../../src/plan/journal.ts';
import { manualClock } from '../fixtures/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const RUN: readonly RunEvent[] = [
  { type: 'run-started', command: 'deploy', title: 'Deploy', input: {} },
  { type: 'step-done', plan: 'prepare', step: 'smoke', durationMs: 5, output: { first: true } },
  { type: 'step-done', plan: 'prepare', step: 'smoke', durationMs: 5, output: { second: true } },
  { type: 'evidence', plan: 'switch', step: 'observe', kind: 'observation', data: { verdict: 'well' } },
  {
    type: 'step-failed',
    plan: 'switch',
    step: 'observe',
    durationMs: 5,
    error: { code: 'checkBlocked', message: 'it is "bad",\u2028 said é', hint: 'ompay logs' },
  },
  { type: 'run-done', exitCode: 5, durationMs: 10, summary: 'rolled back', data: { release: 'abc' } },
];

function withJournal(runs = 1): JournalFiles {
  const files = journalFiles(localLayout(temporaryFolder()));
  const clock = manualClock(Date.UTC(2026, 0, 1));
  for (let run = 1; run <= runs; run += 1) {
    const journal = openJournal(files, { run: `RUN${run}`, by: 'ana@mac' }, clock);
    for (const event of RUN) journal.append(event);
    journal.append({ type: 'note', text: 'a note', data: { number: run } });
  }
  return files;
}

test('a run is read back: steps, evidence, its end, and notes', () => {
  const { runs, notes } = readHistory(withJournal());
  const [run] = runs;
  expect(runs).toHaveLength(1);
  expect(run).toMatchObject({
    run: 'RUN1',
    command: 'deploy',
    startedAt: '2026-01-01T00:00:00.000Z',
    evidence: [{ kind: 'observation', data: { verdict: 'well' } }],
    end: { exitCode: 5, data: { release: 'abc' } },
  });
  expect(stepIn(run, 'prepare', 'smoke')).toMatchObject({ outcome: 'done', output: { second: true } });
  expect(stepIn(run, 'switch', 'observe')).toMatchObject({
    outcome: 'failed',
    error: RUN[4] && expect.any(String),
  });
  expect(stepIn(run, 'switch', 'smoke')).toBeUndefined();
  expect(notes).toEqual([{ at: '2026-01-01T00:00:00.000Z', by: 'ana@mac', data: { number: 1 } }]);
});

test('before anything was done there is no history, and a run that was killed has no end', () => {
  const files = journalFiles(localLayout(temporaryFolder()));
  expect(readHistory(files)).toEqual({ runs: [], notes: [] });
  const journal = openJournal(files, { run: 'K', by: 'ana@mac' }, manualClock());
  journal.append({ type: 'run-started', command: 'deploy', title: 'Deploy', input: {} });
  expect(readHistory(files).runs).toMatchObject([{ run: 'K', end: undefined }]);
});

test('the beginning of a line that a killed command left is passed over', () => {
  const files = withJournal();
  appendFileSync(files.lines, '{"seq":8,"at":"2026');
  expect(readHistory(files).runs).toHaveLength(1);
  openJournal(files, { run: 'N', by: 'ana@mac' }, manualClock()).append({
    type: 'note',
    text: 'x',
    data: {},
  });
  expect(readHistory(files).notes).toHaveLength(2);
});

test.each([
  ['a changed text', (text: string) => text.replace('"number":1', '"number":2')],
  ['a line taken out', (text: string) => text.split('\n').toSpliced(2, 1).join('\n')],
  ['two lines swapped', (text: string) => swapped(text)],
  ['a line added', (text: string) => `${text}${text.split('\n')[1]}\n`],
])('%s breaks it', async (_what, change) => {
  const files = withJournal();
  writeFileSync(files.lines, change(readFileSync(files.lines, 'utf8')));
  expect(await ompayErrorOf(() => readHistory(files))).toMatchObject({
    code: 'journalBroken',
    hint: 'see what was changed: ompay audit verify',
  });
});

function swapped(text: string): string {
  const [first = '', second = '', ...rest] = text.split('\n');
  return [second, first, ...rest].join('\n');
}

test("another installation's journal, or one signed by nobody, is broken", async () => {
  const [files, other] = [withJournal(), withJournal()];
  writeFileSync(files.lines, readFileSync(other.lines));
  expect((await ompayErrorOf(() => readHistory(files))).code).toBe('journalBroken');
  truncateSync(files.lines, 0);
  expect(readHistory(files)).toEqual<History>({ runs: [], notes: [] });
});

test('of a long journal the newest 16 MB are read, from the first whole line on', () => {
  const files = withJournal(1);
  const journal = openJournal(files, { run: 'LONG', by: 'ana@mac' }, manualClock());
  const filler = 'x'.repeat(100_000);
  for (let number = 0; number < 170; number += 1)
    journal.append({ type: 'note', text: 'filler', data: { number, filler } });
  const { runs, notes } = readHistory(files);
  expect(runs).toEqual([]);
  expect(notes.length).toBeGreaterThan(160);
  expect(notes.at(-1)?.data.number).toBe(169);
});
