import type { HoldRow, TransferStatus } from '../db/schema.ts';

export type HoldType = HoldRow['type'];

/** How long a customer has to reach a distributor: the contract's 15 minutes. */
export const HOLD_LIFETIME_MS = 15 * 60_000;
/** The fifth wrong code voids every pending operation of the customer: five of a million are tried. */
export const MOST_CODE_TRIES = 5;
/** Pending operations of one customer; each has a code of its own. */
export const MOST_HOLDS_PER_ACCOUNT = 5;
/** Pending operations of everybody: more is a leak, or an attack. Nothing is refused; observation and backups look. */
export const MOST_PENDING_HOLDS = 10_000;

/** An operation that a customer opened, as requests' own functions see it. */
export interface Hold {
  readonly id: string;
  readonly reference: string;
  readonly type: HoldType;
  readonly status: TransferStatus;
  readonly accountId: string;
  readonly amountXof: number;
  readonly feeXof: number;
  readonly description: string | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

export function holdOf(row: HoldRow): Hold {
  return {
    id: row.id,
    reference: row.reference,
    type: row.type,
    status: row.status,
    accountId: row.account_id,
    amountXof: row.amount,
    feeXof: row.fee,
    description: row.description,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}
