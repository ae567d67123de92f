import assert from 'node:assert/strict';
import { isoTime } from '../../core/clock.ts';
import type { Holder } from '../accounts/holders.ts';
import { ApiError } from '../errors.ts';
import type { Services } from '../services.ts';

/** The account with its balance, as answers show it. */
export async function balanceView(
  services: Services,
  { id, numero }: Holder['account'],
): Promise<Readonly<Record<string, string | number>>> {
  const funds = await services.balance(id);
  assert(funds !== undefined, 'an account is never deleted');
  return {
    compte_id: id,
    numero_compte: numero,
    solde: funds.availableXof,
    solde_reserve: funds.heldXof,
    devise: 'FCFA',
    date_consultation: isoTime(services.clock.now()),
  };
}

/** @param asked the account's id or number. Throws `accountNotFound`, the same for another's as for nobody's. */
export function assertOwn({ id, numero }: Holder['account'], asked: string): void {
  if (asked !== id && asked !== numero) {
    throw new ApiError('accountNotFound', { parameters: { account: asked } });
  }
}
