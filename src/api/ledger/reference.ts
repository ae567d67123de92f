import { crockford } from '../../core/ids.ts';

const RANDOM_CHARACTERS = 6;
/** One more: an operation becomes a transfer of the same reference, which no other transfer may have taken by then. */
const RANDOM_CHARACTERS_OF_HOLD = RANDOM_CHARACTERS + 1;

/** `TXN`, the second in UTC, then 30 random bits: two of one second may meet, and the unique index tells. */
export function newReference(epochMs: number): string {
  return referenceOf(epochMs, RANDOM_CHARACTERS);
}

/** The same with 35 random bits, so it is never a transfer's own. */
export function newHoldReference(epochMs: number): string {
  return referenceOf(epochMs, RANDOM_CHARACTERS_OF_HOLD);
}

function referenceOf(epochMs: number, randomCharacters: number): string {
  const digits = new Date(epochMs).toISOString().replaceAll(/\D/g, '').slice(0, 14);
  return `TXN${digits}${crockford(randomCharacters)}`;
}
