import type { HoldRow } from '../../../src/api/db/schema.ts';
import { account, DISTRIBUTOR, NOW_MS, stateOf, used } from './batches.ts';

/** A customer with an operation that is pending, and what is expected of it. */

/** What `hold` has reserved. */
export const RESERVED_XOF = 1_010;
/** Ana with one withdrawal pending, counted in the day and the month. */
export const ANA = account('ana', {
  heldXof: RESERVED_XOF,
  ...used({ dayOutXof: 1_000, monthOutXof: 1_000 }),
});
export const sms = (body: string) => [{ channel: 'sms', recipient: '+221770000001', body }];

export function stateWith(holds: readonly HoldRow[], ana = ANA) {
  return stateOf([ana, DISTRIBUTOR], { holds });
}

/** As requests' own functions see it. */
export function seen(row: HoldRow) {
  const { id, reference, type, status, description } = row;
  return {
    id,
    reference,
    type,
    status,
    accountId: row.account_id,
    amountXof: row.amount,
    feeXof: row.fee,
    description,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}

export const refused = (refusal: object) => [{ kind: 'refused', refusal }];
export const settled = (row: HoldRow, status: HoldRow['status']) => ({
  ...row,
  status,
  resolved_at_ms: NOW_MS,
});
