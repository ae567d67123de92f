import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ulid, uuidv7 } from '../../src/core/ids.ts';

const moment = fc.integer({ min: 0, max: 2 ** 48 - 1 });

test('a ULID has 26 characters that cannot be misread, and its time can be read back', () => {
  fc.assert(
    fc.property(moment, (epochMs) => {
      const id = ulid(epochMs);
      expect(id).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
      const digits = [...id.slice(0, 10)].map((character) =>
        '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(character),
      );
      expect(digits.reduce((sum, digit) => sum * 32 + digit, 0)).toBe(epochMs);
    }),
  );
});

test('ULIDs and UUIDs of a later millisecond sort after earlier ones', () => {
  fc.assert(
    fc.property(moment, moment, (a, b) => {
      fc.pre(a < b);
      expect(ulid(a) < ulid(b)).toBe(true);
      expect(uuidv7(a) < uuidv7(b)).toBe(true);
    }),
  );
});

test('a UUIDv7 has the version and variant of RFC 9562', () => {
  const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  for (let index = 0; index < 200; index += 1) expect(uuidv7(1_700_000_000_000 + index)).toMatch(pattern);
  expect(uuidv7(0x0123456789ab).slice(0, 13)).toBe('01234567-89ab');
});

test('ids of one millisecond do not repeat', () => {
  expect(new Set(Array.from({ length: 2000 }, () => ulid(5))).size).toBe(2000);
  expect(new Set(Array.from({ length: 2000 }, () => uuidv7(5))).size).toBe(2000);
});
