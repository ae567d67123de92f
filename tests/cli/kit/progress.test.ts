import { expect, test } from 'vitest';
import { progressLine, shownProgress } from '../../../src/cli/kit/progress.ts';
import { counted, partOf } from '../../../src/core/progress.ts';
import { manualClock } from '../../fixtures/clock.ts';

const CLEAR = '\r\u001b[K';
const READING = { title: 'reading s3', ofBytes: 300e6 };

function watched(isTerminal: boolean, columns = 80) {
  const written: string[] = [];
  const clock = manualClock();
  const screen = { isTerminal, columns, write: (text: string) => void written.push(text) };
  return { line: progressLine(screen, clock), written, clock };
}

/** 10 MB each. */
async function* blocks(count: number, before: () => void): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index += 1) {
    before();
    yield new Uint8Array(10_000_000);
  }
}

test('says how much, how fast and how long still, and of a guess that it is one', () => {
  const now = { doneBytes: 212e6, elapsedMs: 2400 };
  const shown = (ofBytes: number | null, isGuess = false) =>
    shownProgress({ title: 'copying', ofBytes, isGuess }, now);
  expect(shown(1100e6)).toBe('copying: 212.0 MB of 1.1 GB, 88.3 MB/s, 10.1 s left');
  expect(shown(1100e6, true)).toBe('copying: 212.0 MB of about 1.1 GB, 88.3 MB/s, about 10.1 s left');
  expect(shown(200e6, true)).toBe('copying: 212.0 MB, 88.3 MB/s');
  expect(shown(null)).toBe('copying: 212.0 MB, 88.3 MB/s');
  expect(shownProgress(READING, { doneBytes: 0, elapsedMs: 2400 })).toBe('reading s3: 0 B, 0 B/s');
});

test('a terminal is silent for two seconds, then has one line four times a second, and none at the end', async () => {
  const { line, written, clock } = watched(true);
  for await (const _ of counted(
    blocks(30, () => clock.pass(100)),
    READING,
    line,
  ));
  // 2.1 s, 2.4 s, 2.7 s and 3.0 s; the first block passed at 0.1 s.
  expect(written.map((text) => text.slice(0, CLEAR.length + 20))).toEqual([
    `${CLEAR}reading s3: 210.0 MB`,
    `${CLEAR}reading s3: 240.0 MB`,
    `${CLEAR}reading s3: 270.0 MB`,
    `${CLEAR}reading s3: 300.0 MB`,
    CLEAR,
  ]);
});

test('a log gets a whole line each ten seconds, and nothing of what is over sooner', async () => {
  const { line, written, clock } = watched(false);
  for await (const _ of counted(
    blocks(9, () => clock.pass(1000)),
    READING,
    line,
  ));
  expect(written).toEqual([]);
  for await (const _ of counted(
    blocks(25, () => clock.pass(1000)),
    READING,
    line,
  ));
  expect(written).toEqual([
    'reading s3: 110.0 MB of 300.0 MB, 11.0 MB/s, 17.3 s left\n',
    'reading s3: 210.0 MB of 300.0 MB, 10.5 MB/s, 8.6 s left\n',
  ]);
});

test('a line is no longer than its terminal is wide', async () => {
  const { line, written, clock } = watched(true, 20);
  for await (const _ of counted(
    blocks(4, () => clock.pass(1000)),
    READING,
    line,
  ));
  expect(written[0]).toBe(`${CLEAR}reading s3: 30.0 MB`);
});

test('work that fails leaves no line either', async () => {
  const { line, written, clock } = watched(true);
  const failing = blocks(40, () => {
    clock.pass(1000);
    if (clock.monotonicMs() > 4000) throw new Error('gone');
  });
  const read = async (): Promise<void> => {
    for await (const _ of counted(failing, READING, line));
  };
  await expect(read()).rejects.toThrow('gone');
  expect(written.at(-1)).toBe(CLEAR);
});

test('parts of one work are told as one, also while nothing passes between them', async () => {
  const { line, written, clock } = watched(true);
  const whole = { title: 'verifying 2 copies', ofBytes: 40e6 };
  for (const beforeBytes of [0, 20e6]) {
    const part = partOf(line, whole, beforeBytes);
    for await (const _ of counted(
      blocks(2, () => clock.pass(1000)),
      READING,
      part,
    ));
    clock.pass(6000);
  }
  expect(written).toEqual([
    `${CLEAR}verifying 2 copies: 30.0 MB of 40.0 MB, 3.8 MB/s, 2.7 s left`,
    `${CLEAR}verifying 2 copies: 40.0 MB of 40.0 MB, 4.4 MB/s, 0 µs left`,
  ]);
});
