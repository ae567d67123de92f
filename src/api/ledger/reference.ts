import { crockford } from '../../core/ids.ts';

const RANDOM_CHARACTERS = 6;

/** `TXN`, the second in UTC, then 30 random bits: two of one second may meet, and the unique index tells. */
export function newReference(epochMs: number): string {
  const digits = new Date(epochMs).toISOString().replaceAll(/\D/g, '').slice(0, 14);
  return `TXN${digits}${crockford(RANDOM_CHARACTERS)}`;
}
