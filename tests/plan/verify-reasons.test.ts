import { generateKeyPairSync, sign } from 'node:crypto';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type JournalLine,
  journalFiles,
  lineText,
  MAX_LINE_BYTES,
  openJournal,
  parseLine,
} from '../../src/plan/journal.ts';
import { journalPublicKey } from '../../src/plan/journal-key.ts';
import { isProven, verifyJournal } from '../../src/plan/verify.ts';
import { manualClock } from '../fixtures/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { note, textLines, type Written, written } from './written-journal.ts';

/** What is said of each kind of damage, and of which line. */
const broken = (line: number, why: string) => ({ kind: 'broken', line, why });
const intact = (lines: number, tornLines = 0) => ({ kind: 'intact', lines, tornLines });

/** Three lines, and the journal as it was when the second was the newest. */
function three(
  texts = ['one', 'two', 'three'],
): Written & { readonly lines: string[]; readonly cutTo: (text: string) => void } {
  const journal = written(texts.slice(0, 2));
  const [head, before] = [readFileSync(journal.files.head), readFileSync(journal.files.lines)];
  note(journal.files, texts[2] ?? '');
  const bytes = readFileSync(journal.files.lines);
  return {
    ...journal,
    bytes,
    lines: textLines(bytes),
    cutTo: (text) => {
      writeFileSync(journal.files.lines, Buffer.concat([before, Buffer.from(text)]));
      writeFileSync(journal.files.head, head);
    },
  };
}

function parsed(text: string | undefined): JournalLine {
  const line = parseLine(text ?? '');
  if (line === undefined) throw new Error(`not a line: ${text}`);
  return line;
}

describe('a line whose writer was killed', () => {
  test.each([1, 3, 8, 9, 40, -1])(
    'is tolerated, cut after %i characters, and the next one fits',
    async (cut) => {
      const { files, lines, cutTo } = three();
      cutTo((lines[2] ?? '').slice(0, cut));
      expect(await verifyJournal(files)).toEqual(intact(2, 1));
      note(files, 'next');
      expect(await verifyJournal(files)).toEqual(intact(3, 1));
    },
  );

  test('is tolerated twice in a row', async () => {
    const { files, lines, cutTo } = three();
    cutTo(`${lines[2]?.slice(0, 30)}\n${lines[2]?.slice(0, 50)}`);
    expect(await verifyJournal(files)).toEqual(intact(2, 2));
  });

  test('is a whole one when only its newline is missing', async () => {
    const { files, lines, cutTo } = three();
    cutTo(lines[2] ?? '');
    expect(await verifyJournal(files)).toEqual(intact(3));
    note(files, 'next');
    expect(await verifyJournal(files)).toEqual(intact(4));
  });

  test('is tolerated also when its event holds a hash and a signature of something else', async () => {
    const { files } = written(['one']);
    const nested = '{"seq":2,"at":"x","event":{"data":{"of":1,"hash":"ab","signature":"cd"},"mo';
    appendFileSync(files.lines, nested);
    expect(await verifyJournal(files)).toEqual(intact(1, 1));
  });

  test('may be as long as any line', async () => {
    const { lines, verdictOf } = three();
    // At the beginning of the file, so that it ends exactly where a part that was read does.
    const unfinished = '{"seq":1,'.padEnd(MAX_LINE_BYTES, 'x');
    expect(await verdictOf(`${unfinished}\n${lines.join('\n')}\n`)).toEqual(intact(3, 1));
  });

  test.each([
    ['is not the next one', '{"seq":4,"at"'],
    ['is an old one', '{"seq":2,"at"'],
    ['is empty', '\n'],
    ['is something else', 'x'],
    ['ends with the beginning of the next', 'x{"seq":3,'],
    ['ends as a whole line does', '{"seq":3,"at"?,"hash":"ab","signature":"cd=="}'],
    ['ends as a whole line with an empty seal does', '{"seq":3,"at"?,"hash":"","signature":""}'],
  ])('is not tolerated when it %s', async (_what, text) => {
    const { files, cutTo } = three();
    cutTo(text);
    expect(await verifyJournal(files)).toEqual(broken(3, 'it is not a line of this journal'));
  });

  test('is not tolerated when a later number follows it', async () => {
    const { lines, verdictOf } = three();
    const [first, second, third] = lines;
    expect(await verdictOf(`${first}\n${second?.slice(0, 40)}\n${third}\n`)).toEqual(
      broken(2, 'it is not a whole line, yet number 3 follows it'),
    );
  });

  test('is not tolerated when it is longer than any line, whatever follows', async () => {
    const { files, lines, cutTo } = three();
    cutTo(`${'{"seq":3,'.padEnd(MAX_LINE_BYTES + 100_000, 'x')}\n${lines[2]}\n`);
    writeFileSync(files.head, JSON.stringify(headOf(parsed(lines[2]))));
    expect(await verifyJournal(files)).toEqual(
      broken(3, 'the tail is cut: the signed head is number 3, the last line number 2'),
    );
  });
});

function headOf({ seq, hash, signature }: JournalLine) {
  return { seq, hash, signature };
}

describe('a whole line', () => {
  test('that does not follow from the one before is told so', async () => {
    const { lines, verdictOf } = three();
    const moved = lineText({ ...parsed(lines[1]), previous: 'f'.repeat(64) });
    expect(await verdictOf(`${lines[0]}\n${moved}\n${lines[2]}\n`)).toEqual(
      broken(2, 'it does not follow from the line before'),
    );
  });

  test('whose content was changed is told so', async () => {
    const { lines, verdictOf } = three();
    const changed = lineText({ ...parsed(lines[1]), by: 'bob@pc' });
    expect(await verdictOf(`${lines[0]}\n${changed}\n${lines[2]}\n`)).toEqual(
      broken(2, 'its content does not match its hash'),
    );
  });

  test('that is missing is told by the numbers', async () => {
    const { lines, verdictOf } = three();
    expect(await verdictOf(`${lines[0]}\n${lines[2]}\n`)).toEqual(
      broken(2, 'it is number 3, after number 1'),
    );
  });

  test('that is the newest and lost its newline is told so', async () => {
    const { bytes, verdictOf } = three();
    expect(await verdictOf(bytes.subarray(0, -1))).toEqual(
      broken(3, 'the tail is cut: its final newline is missing'),
    );
  });

  test('that is the newest may be followed by an unfinished one', async () => {
    const { bytes, files, verdictOf } = three();
    expect(await verdictOf(Buffer.concat([bytes, Buffer.from('{"seq":4,"at":"20')]))).toEqual(intact(3, 1));
    rmSync(files.lines);
    expect(await verifyJournal(files)).toEqual(broken(1, 'the journal file is missing'));
  });
});

describe('the head', () => {
  test('is not there yet after the first line, whose writer was killed before it wrote it', async () => {
    const { files, bytes, verdictOf } = written(['one']);
    rmSync(files.head);
    expect(await verdictOf(bytes)).toEqual(intact(1));
    expect(await verdictOf('')).toEqual(intact(0));
  });

  test('is missed after the second', async () => {
    const { files } = written(['one', 'two']);
    rmSync(files.head);
    expect(await verifyJournal(files)).toEqual(broken(2, 'the signed head is missing'));
  });

  test('tells of a tail that was cut, and the first line that is missing', async () => {
    const { lines, verdictOf } = three();
    expect(await verdictOf(`${lines[0]}\n`)).toEqual(
      broken(2, 'the tail is cut: the signed head is number 3, the last line number 1'),
    );
    expect(await verdictOf(`${lines[0]}\n${lines[1]?.slice(0, 20)}`)).toEqual(
      broken(2, 'the tail is cut: the signed head is number 3, the last line number 1'),
    );
  });

  test('of another journal under the same key is told so', async () => {
    const folder = temporaryFolder();
    const [here, there] = ['here', 'there'].map((name) =>
      journalFiles({ journal: join(folder, name), keys: join(folder, 'keys') }),
    );
    if (here === undefined || there === undefined) throw new Error('two journals were asked for');
    for (const [files, text] of [
      [here, 'a'],
      [there, 'b'],
    ] as const)
      note(files, text);
    writeFileSync(here.head, readFileSync(there.head));
    expect(await verifyJournal(here)).toEqual(broken(1, 'the signed head belongs to another journal'));
  });

  test.each([
    ['is empty', () => ''],
    ['is cut', (text: string) => text.slice(0, -10)],
    ['is null', () => 'null'],
    ['is a number', () => '7'],
    ['is a list', () => '[]'],
    ...['seq', 'hash', 'signature'].map(
      (name) =>
        [
          `has no ${name}`,
          (text: string) => JSON.stringify({ ...JSON.parse(text), [name]: undefined }),
        ] as const,
    ),
    ['has a number that is a text', (text: string) => JSON.stringify({ ...JSON.parse(text), seq: '3' })],
    ['has a hash that is none', (text: string) => JSON.stringify({ ...JSON.parse(text), hash: 7 })],
    ['has a signature that is none', (text: string) => JSON.stringify({ ...JSON.parse(text), signature: 7 })],
    ['has a changed signature', (text: string) => text.replace(/"signature":"./, '"signature":"-')],
  ] as const)('that %s is not signed', async (_what, change) => {
    const { files } = three();
    writeFileSync(files.head, change(readFileSync(files.head, 'utf8')));
    expect(await verifyJournal(files)).toEqual(
      broken(3, 'the head beside it is not signed by this installation'),
    );
  });
});

describe('without the public key', () => {
  const unproven = broken(1, 'the public key of the installation is missing');

  test('nothing is proven, whichever file is left', async () => {
    for (const left of ['both', 'lines', 'head'] as const) {
      const { files } = written(['one']);
      rmSync(files.publicKey);
      if (left === 'lines') rmSync(files.head);
      if (left === 'head') rmSync(files.lines);
      expect([left, await verifyJournal(files)]).toEqual([left, unproven]);
    }
  });

  test('an installation that wrote nothing is as it should be', async () => {
    const folder = temporaryFolder();
    expect(await verifyJournal(journalFiles({ journal: folder, keys: folder }))).toEqual(intact(0));
  });
});

describe('one line alone', () => {
  test('is proven by its hash and its signature, wherever it stands', () => {
    const { files, lines } = three();
    const key = journalPublicKey(files);
    if (key === undefined) throw new Error('the key was made');
    const line = parsed(lines[1]);
    expect(isProven(line, key)).toBe(true);
    expect(isProven({ ...line, by: 'bob@pc' }, key)).toBe(false);
    expect(isProven({ ...line, signature: parsed(lines[0]).signature }, key)).toBe(false);
    expect(isProven(line, generateKeyPairSync('ed25519').publicKey)).toBe(false);
  });

  test('is not proven by a signature spelt in another way', () => {
    const { files, lines } = three();
    const key = journalPublicKey(files);
    if (key === undefined) throw new Error('the key was made');
    const line = parsed(lines[1]);
    expect(isProven({ ...line, signature: ` ${line.signature}` }, key)).toBe(false);
    expect(isProven({ ...line, signature: '' }, key)).toBe(false);
  });

  test('is not proven by a good signature over another hash', () => {
    const { files, lines } = three();
    const { privateKey } = generateKeyPairSync('ed25519');
    const key = journalPublicKey(files);
    if (key === undefined) throw new Error('the key was made');
    const line = parsed(lines[1]);
    const signature = sign(null, Buffer.from(line.hash, 'hex'), privateKey).toString('base64');
    expect(isProven({ ...line, signature }, key)).toBe(false);
  });
});

test('lines of other characters than ASCII are read as they were written', async () => {
  const { files } = written(['é ☃ 🎉']);
  const journal = openJournal(files, { run: 'Ré', by: 'zoé@mac' }, manualClock());
  journal.append({ type: 'note', text: '\u2028', data: {} });
  expect(await verifyJournal(files)).toEqual(intact(2));
});
