import type { ApiErrorName } from '../../errors.ts';

/** The ledger's refusals that every movement of money can meet. */
export const MONEY_ERRORS = [
  'insufficientFunds',
  'accountNotFound',
  'balanceCeiling',
  'periodCeiling',
] as const satisfies readonly ApiErrorName[];
