import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type JournalFiles,
  MAX_LINE_BYTES,
  newestLines,
  newestLineTimeMs,
  parseLine,
} from '../../src/plan/journal.ts';
import { verifyJournal } from '../../src/plan/verify.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';
import { filesIn, linesIn, note } from './written-journal.ts';

function openDescriptors(): number {
  return readdirSync('/dev/fd').length;
}

/** A journal whose lines are a folder: it opens, and can be neither read nor written. */
function unusable(): JournalFiles {
  const files = filesIn(temporaryFolder());
  note(files, 'one');
  rmSync(files.lines);
  mkdirSync(files.lines);
  return files;
}

describe('appending', () => {
  test('leaves no file open, also when it fails', async () => {
    const files = filesIn(temporaryFolder());
    note(files, 'first');
    const before = openDescriptors();
    for (let round = 0; round < 5; round += 1) note(files, 'again');
    expect(openDescriptors()).toBe(before);
    for (let round = 0; round < 5; round += 1)
      expect(() => note(files, 'x'.repeat(200_000))).toThrow(TypeError);
    expect(openDescriptors()).toBe(before);
  });

  test('takes a line of 128 KiB and none longer, so that what is written can be read back', async () => {
    const files = filesIn(temporaryFolder());
    note(files, '');
    const room = MAX_LINE_BYTES / 4 - (statSync(files.lines).size - 1);
    note(files, 'x'.repeat(room));
    expect(linesIn(files)).toHaveLength(2);
    expect(() => note(files, 'x'.repeat(room + 1))).toThrow(
      `an event of ${MAX_LINE_BYTES / 4 + 1} characters is too long`,
    );
    expect(await verifyJournal(files)).toEqual({ kind: 'intact', lines: 2, tornLines: 0 });
  });

  test('starts a new line after an unfinished one', () => {
    const files = filesIn(temporaryFolder());
    note(files, 'one');
    appendFileSync(files.lines, '{"seq":2,"a');
    note(files, 'two');
    expect(readFileSync(files.lines, 'utf8').split('\n')[1]).toBe('{"seq":2,"a');
    expect(linesIn(files).at(-1)).toMatchObject({ seq: 2, event: { text: 'two' } });
  });

  test('that fails is told with the file, the reason and what to do', async () => {
    const files = unusable();
    expect(await ompayErrorOf(() => note(files, 'two'))).toMatchObject({
      code: 'stateUnusable',
      message: `cannot write the journal ${files.lines} (EISDIR)`,
      hint: 'free some disk space or mend the permissions, then run the command again: ompay doctor',
      cause: { code: 'EISDIR' },
    });
  });

  test('to a long file that holds no line is refused with what was looked at', async () => {
    const files = filesIn(temporaryFolder());
    note(files, 'one');
    writeFileSync(files.lines, 'x'.repeat(2 * MAX_LINE_BYTES + 1));
    expect(await ompayErrorOf(() => note(files, 'two'))).toMatchObject({
      code: 'journalBroken',
      message: `the last ${2 * MAX_LINE_BYTES} bytes of ${files.lines} hold no readable line`,
      hint: 'see what is wrong: ompay audit verify',
    });
    expect(statSync(files.lines).size).toBe(2 * MAX_LINE_BYTES + 1);
  });

  test('to a short file that holds no line begins anew, where it can be seen', async () => {
    const files = filesIn(temporaryFolder());
    note(files, 'one');
    writeFileSync(files.lines, 'x'.repeat(2 * MAX_LINE_BYTES));
    note(files, 'two');
    expect(linesIn(files).at(-1)).toMatchObject({ seq: 1, previous: '0'.repeat(64) });
    expect(await verifyJournal(files)).toMatchObject({ kind: 'broken', line: 1 });
  });
});

describe('looking at the newest lines', () => {
  test('gives them all of a short journal, the newest first, without what is no line', () => {
    const files = filesIn(temporaryFolder());
    expect(newestLines(files)).toEqual([]);
    for (const text of ['one', 'two']) note(files, text);
    appendFileSync(files.lines, 'garbage\n{"seq":3,"a');
    const [one, two] = linesIn(files);
    expect(newestLines(files)).toEqual([two, one]);
  });

  test('leaves no file open, also when it fails', async () => {
    const files = filesIn(temporaryFolder());
    note(files, 'one');
    const before = openDescriptors();
    for (let round = 0; round < 5; round += 1) {
      newestLines(files);
      newestLineTimeMs(files);
    }
    expect(openDescriptors()).toBe(before);
    const bad = unusable();
    for (let round = 0; round < 5; round += 1) {
      await ompayErrorOf(() => newestLines(bad));
      await ompayErrorOf(() => newestLineTimeMs(bad));
    }
    expect(openDescriptors()).toBe(before);
  });

  test.each([
    ['their time', newestLineTimeMs],
    ['themselves', newestLines],
  ] as const)('for %s tells the file that cannot be read, the reason and what to do', async (_what, look) => {
    const files = unusable();
    const hint = (path: string) => `make it readable for this user: chmod u+rw '${path}'`;
    expect(await ompayErrorOf(() => look(files))).toMatchObject({
      code: 'stateUnusable',
      message: `cannot read the journal ${files.lines} (EISDIR)`,
      hint: hint(files.lines),
      cause: { code: 'EISDIR' },
    });
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'journal'), 'a file in its place');
    const inFile = filesIn(folder);
    expect(await ompayErrorOf(() => look(inFile))).toMatchObject({
      message: `cannot read the journal ${inFile.lines} (ENOTDIR)`,
      hint: hint(inFile.lines),
      cause: { code: 'ENOTDIR' },
    });
  });
});

describe('a text', () => {
  const files = (): JournalFiles => {
    const made = filesIn(temporaryFolder());
    note(made, 'one');
    return made;
  };

  test('is a line of a journal when it has every field, each of its kind', () => {
    const [line] = linesIn(files());
    expect(parseLine(JSON.stringify(line))).toEqual(line);
    for (const name of ['seq', 'at', 'run', 'by', 'previous', 'event', 'hash', 'signature']) {
      expect([name, parseLine(JSON.stringify({ ...line, [name]: undefined }))]).toEqual([name, undefined]);
      expect([name, parseLine(JSON.stringify({ ...line, [name]: null }))]).toEqual([name, undefined]);
      expect([name, parseLine(JSON.stringify({ ...line, [name]: true }))]).toEqual([name, undefined]);
    }
    for (const seq of [1.5, '1']) expect(parseLine(JSON.stringify({ ...line, seq }))).toBeUndefined();
  });

  test.each(['', 'x', 'null', '7', '"text"', '[]', '{}'])('is none when it is %j', (text) => {
    expect(parseLine(text)).toBeUndefined();
  });
});
