import type { AccountKind } from '../db/schema.ts';

export interface HouseAccount {
  readonly id: string;
  readonly numero: string;
  readonly kind: AccountKind;
}

/** The house's own accounts; every database has them, with these ids, from migration 0001 on. */
export const HOUSE = {
  /** Receives the fees. */
  fees: { id: '00000000-0000-7000-8000-000000000001', numero: 'OM00000001', kind: 'fees' },
  /** The other side of the money in circulation; the only account below zero. */
  issuance: { id: '00000000-0000-7000-8000-000000000002', numero: 'OM00000002', kind: 'issuance' },
  /** Money whose owner is not yet known. */
  suspense: { id: '00000000-0000-7000-8000-000000000003', numero: 'OM00000003', kind: 'suspense' },
} as const satisfies Readonly<Record<string, HouseAccount>>;

/** What the first transfer's hash is chained to. */
export const GENESIS_HASH = '0'.repeat(64);
