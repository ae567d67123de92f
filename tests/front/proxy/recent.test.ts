import { expect, test } from 'vitest';
import { createRecent } from '../../../src/front/proxy/recent.ts';

test('only the last half minute is told, by target', () => {
  let nowMs = 2_000;
  const recent = createRecent(() => nowMs);
  recent.count('blue.sock', { bucket: 3, hasFailed: false });
  nowMs = 12_000;
  recent.count('blue.sock', { bucket: 3, hasFailed: true });
  recent.count('green.sock', { bucket: null, hasFailed: false });
  nowMs = 29_000;
  const { 'blue.sock': blue, 'green.sock': green } = recent.counts();
  expect(blue).toMatchObject({ requests: 2, failed: 1 });
  expect(blue?.latency[3]).toBe(2);
  expect(green).toMatchObject({ requests: 1, failed: 0 });
  expect(green?.latency.every((count) => count === 0)).toBe(true);
  nowMs = 34_000;
  expect(recent.counts()['blue.sock']).toMatchObject({ requests: 1, failed: 1 });
  nowMs = 45_000;
  expect(recent.counts()).toEqual({});
});
