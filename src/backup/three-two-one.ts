import { isoTime } from '../core/clock.ts';
import type { Copy } from './types.ts';

export interface ThreeTwoOne {
  readonly is321: boolean;
  /** What is missing, each a sentence; empty when nothing is. */
  readonly missing: readonly string[];
}

/**
 * Whether copies are three, on two media or more, one of them off-site (the rule of P. Krogh, "The DAM Book", 2005,
 * which US-CERT and ANSSI recommend). Only copies read back in the last `readBackWithinMs` and not found wrong since count.
 */
export function is321(
  copies: readonly Copy[],
  now: { readonly nowMs: number; readonly readBackWithinMs: number },
): ThreeTwoOne {
  const since = isoTime(now.nowMs - now.readBackWithinMs);
  const good = copies.filter(({ verifiedAt, failedAt }) => failedAt === undefined && verifiedAt >= since);
  const media = new Set(good.map(({ medium }) => medium)).size;
  const missing = [
    ...(good.length < 3 ? [`${good.length} of 3 copies were read back since ${since}`] : []),
    ...(media < 2 ? [`they are on ${media} of 2 media`] : []),
    ...(good.some(({ offsite }) => offsite) ? [] : ['none is off-site']),
  ];
  return { is321: missing.length === 0, missing };
}
