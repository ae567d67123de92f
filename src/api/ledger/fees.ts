const PARTS = 1_000_000;

/**
 * The fee in XOF of an amount in XOF at a rate in parts per million, rounded half up to the franc.
 * Exact for every safe integer: the product is taken apart so that it never passes 2^53.
 */
export function feeOf(amountXof: number, ratePpm: number): number {
  const millions = Math.floor(amountXof / PARTS);
  const rest = amountXof % PARTS;
  return millions * ratePpm + Math.floor((rest * ratePpm + PARTS / 2) / PARTS);
}
