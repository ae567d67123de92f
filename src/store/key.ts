import { OmpayError } from '../core/errors.ts';

/** The end of a name that a store keeps for what is not whole yet; no key may have it. */
export const PART_SUFFIX = '.part';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Throws `usage` for a key that could leave the store, hide, or be mistaken for an unfinished object. */
export function assertKey(key: string): void {
  const isGood = key.split('/').every((name) => NAME.test(name)) && !key.endsWith(PART_SUFFIX);
  if (isGood) return;
  throw new OmpayError('usage', `\`${key}\` cannot be the key of a stored object`, {
    hint: 'use letters, digits, dots, dashes and underscores, with / between the parts',
  });
}

/** Like `assertKey`, for the beginning of keys: the same, ending in `/`. */
export function assertPrefix(prefix: string): void {
  if (!prefix.endsWith('/')) throw new TypeError(`the prefix ${prefix} must end in /`);
  assertKey(prefix.slice(0, -1));
}
