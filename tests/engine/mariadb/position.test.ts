import { expect, test } from 'vitest';
import {
  areEqual,
  contains,
  differenceOf,
  gtidSetText,
  hasGtid,
  isGtidSet,
  parseGtid,
  parseGtidSet,
  withGtid,
} from '../../../src/engine/mysql/gtid-set.ts';

test('a position of MariaDB holds all of each domain up to its last number', () => {
  const position = parseGtidSet('0-1-57,7-2-3');
  expect(gtidSetText(position)).toBe('0-1-57,7-2-3');
  expect(hasGtid(position, parseGtid('0-1-57'))).toBe(true);
  expect(hasGtid(position, parseGtid('0-1-58'))).toBe(false);
  expect(contains(position, parseGtidSet('0-1-5'))).toBe(true);
  expect(gtidSetText(withGtid(position, parseGtid('0-3-90')))).toBe('0-3-90,7-2-3');
  expect(gtidSetText(differenceOf(position, parseGtidSet('0-1-50,7-2-3')))).toBe('0-1-(51..57)');
});

test('the same number of another server is another transaction', () => {
  expect(areEqual(parseGtidSet('0-1-57'), parseGtidSet('0-2-57'))).toBe(false);
  expect(areEqual(parseGtidSet('0-1-57'), parseGtidSet('0-1-57'))).toBe(true);
});

test('a place in a file, a place of InnoDB, and nothing are no position', () => {
  for (const text of ['binlog.000002:1234', 'innodb:4711', '', '0-1-0'])
    expect(isGtidSet(text), text).toBe(false);
});
