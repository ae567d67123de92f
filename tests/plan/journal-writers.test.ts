import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { verifyJournal } from '../../src/plan/verify.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { startProgram } from '../fixtures/program.ts';
import { filesIn, linesIn, note } from './written-journal.ts';

/** Writers that are processes of their own, together or killed: seconds each, so apart from journal.test.ts. */

test('several processes append at once: every line is there once, in one chain, under one key', async () => {
  const folder = temporaryFolder();
  const runs = ['A', 'B', 'C', 'D'];
  const writers = runs.map((run) => startProgram('./journal-writer.ts', [folder, run]));
  await Promise.all(writers.map((writer) => writer.line()));
  for (const writer of writers) writer.send('25');
  await Promise.all(writers.map((writer) => writer.line()));
  const files = filesIn(folder);
  expect(await verifyJournal(files)).toEqual({ kind: 'intact', lines: 100, tornLines: 0 });
  for (const run of runs) {
    const indexes = linesIn(files).flatMap((line) =>
      line?.run === run && line.event.type === 'note' ? [line.event.data.index] : [],
    );
    expect(indexes).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
  }
});

test('after 12 kills in the middle of appends no acknowledged line is missing, and the next one fits', async () => {
  const folder = temporaryFolder();
  const files = filesIn(folder);
  for (let round = 1; round <= 12; round += 1) {
    const writer = startProgram('./journal-writer.ts', [folder, `K${round}`]);
    await writer.line();
    writer.send('0');
    let acknowledged = 0;
    while (acknowledged < round) acknowledged = Number(await writer.line());
    writer.process.kill('SIGKILL');
    await writer.ended;
    const written = linesIn(files).filter((line) => line?.run === `K${round}`);
    expect(written.length).toBeGreaterThanOrEqual(acknowledged);
    note(files, `after ${round}`);
    expect(await verifyJournal(files)).toMatchObject({ kind: 'intact' });
  }
});

test('wherever a writer was killed in mid-line, the rest is tolerated and the next line fits', async () => {
  const files = filesIn(temporaryFolder());
  note(files, 'first');
  note(files, 'it has "quotes" and } braces "}');
  const lengthBytes = statSync(files.lines).size;
  const head = readFileSync(files.head);
  const whole = readFileSync(files.lines);
  note(files, 'third {"hash":"x"}');
  const third = readFileSync(files.lines).subarray(lengthBytes);
  for (let cutBytes = 1; cutBytes < third.length; cutBytes += 1) {
    writeFileSync(files.lines, Buffer.concat([whole, third.subarray(0, cutBytes)]));
    writeFileSync(files.head, head);
    const isWhole = cutBytes === third.length - 1;
    const torn = { kind: 'intact', lines: isWhole ? 3 : 2, tornLines: isWhole ? 0 : 1 };
    expect([cutBytes, await verifyJournal(files)]).toEqual([cutBytes, torn]);
    if (cutBytes % 7 !== 0 && !isWhole) continue;
    note(files, 'next');
    expect([cutBytes, await verifyJournal(files)]).toEqual([cutBytes, { ...torn, lines: torn.lines + 1 }]);
  }
});
