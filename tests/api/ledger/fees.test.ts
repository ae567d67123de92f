import fc from 'fast-check';
import { expect, it } from 'vitest';
import { feeOf } from '../../../src/api/ledger/fees.ts';

it.each([
  { amountXof: 10_000, ratePpm: 8_000, feeXof: 80 },
  { amountXof: 62, ratePpm: 8_000, feeXof: 0 },
  { amountXof: 63, ratePpm: 8_000, feeXof: 1 },
  { amountXof: 1, ratePpm: 500_000, feeXof: 1 },
  { amountXof: 1_000_000, ratePpm: 0, feeXof: 0 },
])(
  'charges $feeXof XOF on $amountXof at $ratePpm ppm, halves rounded up',
  ({ amountXof, ratePpm, feeXof }) => {
    expect(feeOf(amountXof, ratePpm)).toBe(feeXof);
  },
);

it('is exact for every amount that a Number holds', () => {
  const amounts = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(amounts, fc.integer({ min: 0, max: 1_000_000 }), (amountXof, ratePpm) => {
      const exact = (BigInt(amountXof) * BigInt(ratePpm) + 500_000n) / 1_000_000n;
      expect(BigInt(feeOf(amountXof, ratePpm))).toBe(exact);
    }),
  );
});
