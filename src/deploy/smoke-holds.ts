import type { HttpAnswer } from '../host/host.ts';
import {
  balance,
  dataOf,
  expectEqual,
  expectStatus,
  failed,
  post,
  recordOf,
  type SmokeKit,
} from './smoke-requests.ts';

const HOLD_XOF = 100;
const OPENED = "a withdrawal of one's own";

interface Holding {
  /** Access tokens. */
  readonly sender: string;
  readonly distributor: string;
  /** XOF that the sender can spend. */
  readonly balanceXof: number;
}

/**
 * Two withdrawals that the sender opens, one confirmed by the distributor and one cancelled, with the balance to the franc.
 * Gives what left the account, XOF; 0 on a release from before two-phase holds, which refuses them by 403.
 */
export async function holdMoney(
  kit: SmokeKit,
  { sender, distributor, balanceXof }: Holding,
): Promise<number> {
  const first = await open(kit, sender, 'hold');
  if (first.statusCode === 403) return 0;
  const kept = await openedIn(first);
  const leftXof = balanceXof - kept.heldXof;
  expectEqual('the balance while money is held', leftXof, await balance(kit, sender));
  const given = { telephone_client: kit.accounts.sender, code: kept.code };
  const confirmed = post(kit, '/api/distributeur/confirmer', given, distributor, 'confirm');
  await expectStatus('the confirmation of a withdrawal', 200, confirmed);
  const { reference } = await openedIn(await open(kit, sender, 'hold-again'));
  const cancelled = post(kit, '/api/ompay/cancel', { reference }, sender, 'cancel');
  await expectStatus('the cancellation of a withdrawal', 200, cancelled);
  expectEqual('the balance after a cancellation', leftXof, await balance(kit, sender));
  return kept.heldXof;
}

function open(kit: SmokeKit, token: string, key: string): Promise<HttpAnswer> {
  return post(kit, '/api/ompay/withdraw', { amount: HOLD_XOF }, token, key);
}

interface Opened {
  readonly reference: string;
  readonly code: string;
  /** Amount and fee. */
  readonly heldXof: number;
}

async function openedIn(answer: HttpAnswer): Promise<Opened> {
  const { reference, code, transaction } = dataOf(await expectStatus(OPENED, 200, answer));
  const { montant, frais } = recordOf(transaction);
  if (typeof reference !== 'string' || typeof code !== 'string') {
    throw failed(OPENED, 'a reference and a code', 'none');
  }
  if (typeof montant !== 'number' || typeof frais !== 'number') {
    throw failed(OPENED, 'an amount and a fee', 'none');
  }
  return { reference, code, heldXof: montant + frais };
}
