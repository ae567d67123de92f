/**
 * Reads a BIGINT that a driver gave as text.
 * Throws a RangeError past 2^53 - 1, where a Number would silently be another number.
 */
export function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`integer out of the safe range: ${text}`);
  return value;
}
