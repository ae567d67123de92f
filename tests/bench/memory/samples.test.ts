import { expect, test } from 'vitest';
import { courseOf } from '../../../bench/memory/samples.ts';

test('memory that grows is told by how much a minute, from when the process is warm', () => {
  const samples = Array.from({ length: 60 }, (_, second) => ({
    atMs: second * 1_000,
    residentMb: second < 10 ? 500 : 100 + second,
  }));
  expect(courseOf(samples, 10_000)).toEqual({
    firstMb: 110,
    medianMb: 135,
    mostMb: 159,
    mbAMinute: expect.closeTo(60, 6),
  });
});

test('memory that goes up and down around one size is flat', () => {
  const samples = [1, 2, 3, 4].flatMap((minute) =>
    [-2, 2, 2, -2].map((off, index) => ({ atMs: minute * 4_000 + index * 1_000, residentMb: 150 + off })),
  );
  expect(courseOf(samples, 0).mbAMinute).toBeCloseTo(0, 6);
});

test('one sample is no course, and none is told', () => {
  expect(courseOf([{ atMs: 5, residentMb: 7 }], 0)).toMatchObject({ medianMb: 7, mbAMinute: 0 });
  expect(() => courseOf([], 10)).toThrow('no sample after 10 ms');
});
