import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { newestLineTimeMs, openJournal } from '../../src/plan/journal.ts';
import { verifyJournal } from '../../src/plan/verify.ts';
import { manualClock } from '../fixtures/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';
import { filesIn, IDENTITY, linesIn, linesOf, note } from './written-journal.ts';

/** Longer than what an append reads back. */
const LONG_GARBAGE = `${'garbage '.repeat(125)}\n`.repeat(1_600);

test('a line says who did what when, and follows from the one before', async () => {
  const files = filesIn(temporaryFolder());
  const journal = openJournal(files, IDENTITY, manualClock(Date.UTC(2026, 0, 1)));
  journal.append({ type: 'note', text: 'first', data: { amountXof: 500 } });
  journal.append({ type: 'note', text: 'second', data: {} });
  const [first, second] = linesIn(files);
  expect(first).toMatchObject({
    seq: 1,
    at: '2026-01-01T00:00:00.000Z',
    run: 'RUN',
    by: 'ana@mac',
    previous: '0'.repeat(64),
    event: { type: 'note', text: 'first', data: { amountXof: 500 } },
  });
  expect(second).toMatchObject({ seq: 2, previous: first?.hash });
  expect(await verifyJournal(files)).toEqual({ kind: 'intact', lines: 2, tornLines: 0 });
});

test('the journal, its head and its private key are for this user alone', () => {
  const files = filesIn(temporaryFolder());
  note(files, 'x');
  for (const path of [files.lines, files.head, files.privateKey]) {
    expect([path, statSync(path).mode & 0o777]).toEqual([path, 0o600]);
  }
  for (const folder of [dirname(files.lines), dirname(files.privateKey)]) {
    expect([folder, statSync(folder).mode & 0o777]).toEqual([folder, 0o700]);
  }
});

test('an append after the file was damaged goes on from the newest line that can be read', async () => {
  const files = filesIn(temporaryFolder());
  for (const text of ['one', 'two']) note(files, text);
  appendFileSync(files.lines, 'garbage\n');
  note(files, 'three');
  expect(linesIn(files).at(-1)).toMatchObject({ seq: 3 });
  expect(await verifyJournal(files)).toMatchObject({ kind: 'broken', line: 3 });
});

test('a journal of which nothing can be read is not appended to', async () => {
  const files = filesIn(temporaryFolder());
  note(files, 'one');
  writeFileSync(files.lines, LONG_GARBAGE);
  const error = await ompayErrorOf(() => note(files, 'two'));
  expect(error).toMatchObject({ code: 'journalBroken', hint: 'see what is wrong: ompay audit verify' });
});

test('an event that could not be read back is refused before it is written', async () => {
  const files = filesIn(temporaryFolder());
  note(files, 'one');
  expect(() => note(files, 'x'.repeat(1024 * 1024))).toThrow(TypeError);
  note(files, 'x'.repeat(100_000));
  expect(await verifyJournal(files)).toMatchObject({ kind: 'intact', lines: 2 });
});

test("the newest line's time is told, past a torn end and damaged lines", () => {
  const files = filesIn(temporaryFolder());
  expect(newestLineTimeMs(files)).toBeUndefined();
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const journal = openJournal(files, IDENTITY, clock);
  expect(newestLineTimeMs(files)).toBeUndefined();
  for (const text of ['one', 'two', 'three']) {
    clock.pass(1000);
    journal.append({ type: 'note', text, data: {} });
  }
  expect(newestLineTimeMs(files)).toBe(Date.UTC(2026, 0, 1, 0, 0, 3));
  appendFileSync(files.lines, 'garbage\n{"seq":4,"at":"2027-01-01T00');
  expect(newestLineTimeMs(files)).toBe(Date.UTC(2026, 0, 1, 0, 0, 3));
});

test('without one readable line there is no newest time', () => {
  const files = filesIn(temporaryFolder());
  note(files, 'one');
  const [line] = linesIn(files);
  for (const damaged of ['', 'garbage', LONG_GARBAGE, JSON.stringify({ ...line, at: 'soon' })]) {
    writeFileSync(files.lines, damaged);
    expect(newestLineTimeMs(files)).toBeUndefined();
  }
});

test("of a long journal only the tail is read for the newest line's time", () => {
  const files = filesIn(temporaryFolder());
  note(files, 'one');
  const whole = readFileSync(files.lines);
  // A hole of 3 GB: what read it all would exceed the longest buffer's worth of text.
  truncateSync(files.lines, 3_000_000_000);
  appendFileSync(files.lines, Buffer.concat([Buffer.from('\n'), whole]));
  expect(newestLineTimeMs(files)).toBe(Date.parse(String(linesOf(whole).at(-1)?.at)));
});

test.each(['lines', 'head'] as const)(
  'a journal whose %s cannot be written is said with its path',
  async (part) => {
    const files = filesIn(temporaryFolder());
    note(files, 'one');
    rmSync(files[part]);
    mkdirSync(files[part]);
    const error = await ompayErrorOf(() => note(files, 'two'));
    expect(error).toMatchObject({
      code: 'stateUnusable',
      message: `cannot write the journal ${files.lines} (EISDIR)`,
    });
  },
);

test('a journal that cannot be read is said with its path', async () => {
  const files = filesIn(temporaryFolder());
  note(files, 'one');
  rmSync(files.lines);
  mkdirSync(files.lines);
  const error = await ompayErrorOf(() => newestLineTimeMs(files));
  expect(error).toMatchObject({
    code: 'stateUnusable',
    message: `cannot read the journal ${files.lines} (EISDIR)`,
  });
});

test('a state folder that cannot be used, or a key that is not one, is said with its path', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'journal'), 'a file in its place');
  const inTheWay = await ompayErrorOf(() => note(filesIn(folder), 'x'));
  expect(inTheWay).toMatchObject({ code: 'stateUnusable' });
  expect(inTheWay.message).toContain(join(folder, 'journal'));

  const files = filesIn(join(folder, 'other'));
  note(files, 'one');
  truncateSync(files.privateKey, 10);
  const damaged = await ompayErrorOf(() => note(files, 'two'));
  expect(damaged).toMatchObject({ code: 'stateUnusable' });
  expect(damaged.message).toContain(files.privateKey);
});
