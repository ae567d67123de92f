import { generateKeyPairSync, sign } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { GENESIS_HASH, journalFiles, lineHash, lineText, parseLine } from '../../src/plan/journal.ts';
import { verifyJournal } from '../../src/plan/verify.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { textLines, written } from './written-journal.ts';

test('an untouched journal is intact, whatever characters its events hold', async () => {
  const { files } = written();
  expect(await verifyJournal(files)).toEqual({ kind: 'intact', lines: 4, tornLines: 0 });
});

test('an installation without a journal has nothing to prove', async () => {
  const folder = temporaryFolder();
  expect(await verifyJournal(journalFiles({ journal: folder, keys: folder }))).toMatchObject({
    kind: 'intact',
    lines: 0,
  });
});

test('every other spelling of the same signature is found', async () => {
  const { bytes, verdictOf } = written(['only']);
  const text = bytes.toString('utf8');
  const last = text.indexOf('=="}') - 1;
  for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=@') {
    if (character === text.charAt(last)) continue;
    const verdict = await verdictOf(`${text.slice(0, last)}${character}${text.slice(last + 1)}`);
    expect([character, verdict]).toMatchObject([character, { kind: 'broken', line: 1 }]);
  }
});

test('the same content written in another way is found: fields moved, added or spaced', async () => {
  const { bytes, verdictOf } = written();
  const [first = '', second = '', ...rest] = textLines(bytes);
  const parsed = parseLine(second);
  const { seq, ...others } = parsed ?? { seq: 0 };
  for (const other of [
    JSON.stringify({ ...others, seq }),
    JSON.stringify({ ...parsed, added: 'unnoticed?' }),
    second.replaceAll('":', '": '),
  ]) {
    const verdict = await verdictOf(`${[first, other, ...rest].join('\n')}\n`);
    expect(verdict).toEqual({ kind: 'broken', line: 2, why: 'its bytes are not those that were written' });
  }
});

test('a deleted line is found, whichever it is', async () => {
  const { bytes, verdictOf } = written();
  const lines = textLines(bytes);
  for (const index of lines.keys()) {
    const verdict = await verdictOf(`${lines.toSpliced(index, 1).join('\n')}\n`);
    expect([index, verdict]).toMatchObject([index, { kind: 'broken', line: index + 1 }]);
  }
});

test('two swapped lines are found, whichever they are', async () => {
  const { bytes, verdictOf } = written();
  const lines = textLines(bytes);
  for (let first = 0; first < lines.length; first += 1) {
    for (let second = first + 1; second < lines.length; second += 1) {
      const swapped = lines.with(first, lines[second] ?? '').with(second, lines[first] ?? '');
      expect(await verdictOf(`${swapped.join('\n')}\n`)).toMatchObject({ kind: 'broken', line: first + 1 });
    }
  }
});

test('a line inserted is found: a copy of another, an empty one, a made-up one', async () => {
  const { bytes, verdictOf } = written();
  const lines = textLines(bytes);
  const madeUp = (lines[0] ?? '').replace('"seq":1', '"seq":2');
  for (let index = 0; index <= lines.length; index += 1) {
    for (const inserted of ['', madeUp, 'a comment', ...lines]) {
      if (inserted === lines[index]) continue;
      const verdict = await verdictOf(`${lines.toSpliced(index, 0, inserted).join('\n')}\n`);
      // A copy of the line before is told as the second of the two.
      expect([index, inserted, verdict]).toMatchObject([
        index,
        inserted,
        { kind: 'broken', line: index + 1 },
      ]);
    }
  }
});

test('the beginning cut off is found at line 1', async () => {
  const { bytes, verdictOf } = written();
  const lines = textLines(bytes);
  for (let removed = 1; removed < lines.length; removed += 1) {
    const verdict = await verdictOf(`${lines.slice(removed).join('\n')}\n`);
    expect(verdict).toEqual({ kind: 'broken', line: 1, why: `it is number ${removed + 1}, after number 0` });
  }
});

test('the whole journal written anew, well chained and signed with another key, is found at line 1', async () => {
  const { files, bytes, verdictOf } = written();
  const { privateKey } = generateKeyPairSync('ed25519');
  let previous = GENESIS_HASH;
  const forged = textLines(bytes).map((text) => {
    const line = parseLine(text);
    if (line === undefined) throw new Error('the journal was not readable');
    const unsealed = { ...line, by: 'someone@else', previous };
    const hash = lineHash(unsealed);
    previous = hash;
    const signature = sign(null, Buffer.from(hash, 'hex'), privateKey).toString('base64');
    const whole = { ...unsealed, hash, signature };
    writeFileSync(files.head, JSON.stringify({ seq: whole.seq, hash, signature }));
    return lineText(whole);
  });
  expect(await verdictOf(`${forged.join('\n')}\n`)).toEqual({
    kind: 'broken',
    line: 1,
    why: 'its signature is not of this installation',
  });
});

test('the journal of another installation put in place is found', async () => {
  const own = written();
  const other = written();
  copyFileSync(other.files.head, own.files.head);
  expect(await own.verdictOf(other.bytes)).toMatchObject({ kind: 'broken', line: 1 });
});

test('the signed head missing, damaged, or of another journal is found', async () => {
  const { files } = written();
  const head = readFileSync(files.head, 'utf8');
  rmSync(files.head);
  expect(await verifyJournal(files)).toMatchObject({ kind: 'broken', why: 'the signed head is missing' });
  for (const damaged of [
    '',
    '{}',
    'null',
    head.slice(0, -10),
    head.replace('"seq":4', '"seq":5'),
    head.replace('"seq":4', '"seq":3'),
  ]) {
    writeFileSync(files.head, damaged);
    expect([damaged, await verifyJournal(files)]).toMatchObject([damaged, { kind: 'broken' }]);
  }
  copyFileSync(written(['x', 'y', 'z', 'u']).files.head, files.head);
  expect(await verifyJournal(files)).toMatchObject({ kind: 'broken' });
});

test('the file or the public key removed is found', async () => {
  const first = written();
  rmSync(first.files.lines);
  expect(await verifyJournal(first.files)).toEqual({
    kind: 'broken',
    line: 1,
    why: 'the journal file is missing',
  });
  const second = written();
  rmSync(second.files.publicKey);
  expect(await verifyJournal(second.files)).toMatchObject({ kind: 'broken', line: 1 });
});

test('a gigabyte without a newline would not be read into memory', async () => {
  const { verdictOf } = written();
  expect(await verdictOf('{"seq":1,'.padEnd(4 * 1024 * 1024, 'x'))).toMatchObject({
    kind: 'broken',
    line: 1,
  });
});

test('what cannot be found is known: the tail cut together with a head made from the line that is then last', async () => {
  const { files, bytes, verdictOf } = written();
  const kept = textLines(bytes).slice(0, 2);
  const last = parseLine(kept[1] ?? '');
  writeFileSync(files.head, JSON.stringify({ seq: last?.seq, hash: last?.hash, signature: last?.signature }));
  expect(await verdictOf(`${kept.join('\n')}\n`)).toEqual({ kind: 'intact', lines: 2, tornLines: 0 });
});
