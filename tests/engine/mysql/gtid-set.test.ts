import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  areEqual,
  contains,
  countOf,
  differenceOf,
  type GtidSet,
  gtidSetText,
  hasGtid,
  NO_GTIDS,
  parseGtid,
  parseGtidSet,
  unionOf,
  withGtid,
} from '../../../src/engine/mysql/gtid-set.ts';

const A = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const B = '4e11fa47-71ca-11e1-9e33-c80aa9429562';

describe('a set of GTIDs', () => {
  test.each([
    [`${A}:1-5`, `${A}:1-5`],
    [`${A}:7`, `${A}:7`],
    [`${A}:1-5:6-9:11`, `${A}:1-9:11`],
    [`${A}:9:1-3:2-5`, `${A}:1-5:9`],
    [`${B}:1,\n${A}:2`, `${A}:2,${B}:1`],
    [`${A.toUpperCase()}:1`, `${A}:1`],
    [`${A}:1, ${A}:2`, `${A}:1-2`],
    ['', ''],
  ])('%s is written as %s', (text, expected) => {
    expect(gtidSetText(parseGtidSet(text))).toBe(expected);
  });

  test.each([
    `${A}:0`,
    `${A}:5-4`,
    `${A}:tag:1-5`,
    `${A}`,
    `${A}:`,
    `${A}:1-2-3`,
    'x:1',
    `${A}:9007199254740993`,
  ])('%s is refused', (text) => {
    expect(() => parseGtidSet(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  test('one GTID is exactly one', () => {
    expect(parseGtid(`${A}:5`)).toEqual({ source: A, number: 5 });
    for (const text of ['', `${A}:1-2`, `${A}:1,${B}:1`])
      expect(() => parseGtid(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

/** The same arithmetic by plain sets of numbers. */
const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 20 });
const plain = fc.record({ [A]: numbers, [B]: numbers });
type Plain = Readonly<Record<string, readonly number[]>>;

function setFrom(sets: Plain): GtidSet {
  let set = NO_GTIDS;
  for (const [source, each] of Object.entries(sets)) {
    for (const number of each) set = withGtid(set, { source, number });
  }
  return set;
}

function members(set: GtidSet): readonly string[] {
  const all: string[] = [];
  for (const source of [A, B]) {
    for (let number = 1; number <= 31; number += 1) {
      if (hasGtid(set, { source, number })) all.push(`${source}:${number}`);
    }
  }
  return all;
}

test('union, difference, containment and equality are those of plain sets', () => {
  fc.assert(
    fc.property(plain, plain, (left, right) => {
      const [a, b] = [setFrom(left), setFrom(right)];
      const [inA, inB] = [members(a), members(b)];
      const onlyA = inA.filter((each) => !inB.includes(each));
      const onlyB = inB.filter((each) => !inA.includes(each));
      expect(countOf(a)).toBe(inA.length);
      expect(members(unionOf(a, b)).toSorted()).toEqual([...inA, ...onlyB].toSorted());
      expect(members(differenceOf(a, b))).toEqual(onlyA);
      expect(contains(a, b)).toBe(onlyB.length === 0);
      expect(areEqual(a, b)).toBe(onlyA.length + onlyB.length === 0);
      expect(areEqual(parseGtidSet(gtidSetText(a)), a)).toBe(true);
    }),
  );
});

test('intervals that touch are one, however they came', () => {
  fc.assert(
    fc.property(numbers, (each) => {
      for (const intervals of setFrom({ [A]: each }).values()) {
        for (const [index, { first, last }] of intervals.entries()) {
          expect(first).toBeLessThanOrEqual(last);
          expect(first).toBeGreaterThan((intervals[index - 1]?.last ?? -1) + 1);
        }
      }
    }),
  );
});
