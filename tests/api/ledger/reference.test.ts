import { expect, it } from 'vitest';
import { newHoldReference, newReference } from '../../../src/api/ledger/reference.ts';

it('is TXN, the second in UTC and six characters that are hard to mistake', () => {
  const reference = newReference(Date.UTC(2026, 10, 22, 16, 53, 9, 123));
  expect(reference).toMatch(/^TXN20261122165309[0-9A-HJKMNP-TV-Z]{6}$/);
});

it('differs within a second', () => {
  const references = new Set(Array.from({ length: 500 }, () => newReference(0)));
  expect(references.size).toBeGreaterThan(498);
});

it('of an operation is longer, so that no other transfer has it when the operation becomes one', () => {
  expect(newHoldReference(0)).toMatch(/^TXN19700101000000[0-9A-HJKMNP-TV-Z]{7}$/);
});
