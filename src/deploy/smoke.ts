import type { HttpAnswer } from '../host/host.ts';
import type { JsonObject } from '../plan/plan.ts';
import { holdMoney } from './smoke-holds.ts';
import {
  accessTokenIn,
  balance,
  expectEqual,
  expectStatus,
  failed,
  get,
  post,
  type SmokeKit,
} from './smoke-requests.ts';

/** The transfer with its fee, the withdrawal that is confirmed and the one that is cancelled, from an empty account. */
const DEPOSIT_XOF = 400;
const TRANSFER_XOF = 100;
/** 0.8 % of the transfer, rounded half up: shared by the fee table of the first migration. */
const TRANSFER_FEE_XOF = 1;
/** Above this the sender's savings go back to the distributor, so that floats and ceilings last. */
const SENDER_REST_XOF = 10_000;

/**
 * Real money movements against one slot: register (the number is known: 409), OTP, deposit, the same deposit again,
 * transfer, a withdrawal that is held and confirmed and one that is cancelled, balances to the franc, logout, debits = credits. Throws OmpayError `checkBlocked` naming the step,
 * what was expected and what was seen.
 */
export async function runSmoke(kit: SmokeKit): Promise<JsonObject> {
  const { sender, recipient, distributor, password } = kit.accounts;
  await expectStatus('register', 409, post(kit, '/api/auth/register', registration(sender, password)));
  const senderToken = await tokenByOtp(kit, sender);
  const recipientToken = await tokenByPassword(kit, recipient, password);
  const distributorToken = await tokenByPassword(kit, distributor, password);
  const before = await balances(kit, senderToken, recipientToken);
  await depositOnce(kit, distributorToken, sender);
  await expectStatus(
    'transfer',
    200,
    post(
      kit,
      '/api/ompay/transfer',
      { recipient_telephone: recipient, amount: TRANSFER_XOF },
      senderToken,
      'transfer',
    ),
  );
  const after = await balances(kit, senderToken, recipientToken);
  expectEqual(
    "the sender's balance",
    before.sender + DEPOSIT_XOF - TRANSFER_XOF - TRANSFER_FEE_XOF,
    after.sender,
  );
  expectEqual("the recipient's balance", before.recipient + TRANSFER_XOF, after.recipient);
  const withdrawnXof = await holdMoney(kit, {
    sender: senderToken,
    distributor: distributorToken,
    balanceXof: after.sender,
  });
  await giveBack(kit, distributorToken, { sender: after.sender - withdrawnXof, recipient: TRANSFER_XOF });
  for (const token of [senderToken, recipientToken, distributorToken]) {
    await expectStatus('logout', 200, post(kit, '/api/ompay/logout', {}, token));
  }
  await expectStatus('balance after logout', 401, get(kit, '/api/ompay/balance', senderToken));
  await kit.proveLedger();
  return { shown: 'debits = credits', depositXof: DEPOSIT_XOF, transferXof: TRANSFER_XOF, withdrawnXof };
}

async function tokenByOtp(kit: SmokeKit, telephone: string): Promise<string> {
  await expectStatus('request-otp', 200, post(kit, '/api/auth/request-otp', { telephone }));
  const otp = await kit.readOtp(telephone);
  const answer = await expectStatus('verify-otp', 200, post(kit, '/api/auth/verify-otp', { telephone, otp }));
  return accessToken(answer, 'verify-otp');
}

async function tokenByPassword(kit: SmokeKit, telephone: string, password: string): Promise<string> {
  const answer = await expectStatus('login', 200, post(kit, '/api/auth/login', { telephone, password }));
  return accessToken(answer, 'login');
}

/** The same key and body twice: one deposit, the same bytes. */
async function depositOnce(kit: SmokeKit, token: string, telephone: string): Promise<void> {
  const body = { amount: DEPOSIT_XOF, telephone_client: telephone };
  const first = await expectStatus('deposit', 200, post(kit, '/api/ompay/deposit', body, token, 'deposit'));
  const again = await expectStatus(
    'deposit again',
    200,
    post(kit, '/api/ompay/deposit', body, token, 'deposit'),
  );
  expectEqual('the answer to the same deposit again', first.body, again.body);
}

async function giveBack(
  kit: SmokeKit,
  token: string,
  amounts: { sender: number; recipient: number },
): Promise<void> {
  const { sender, recipient } = kit.accounts;
  await expectStatus(
    'withdraw',
    200,
    post(
      kit,
      '/api/ompay/withdraw',
      { amount: amounts.recipient, telephone_client: recipient },
      token,
      'withdraw',
    ),
  );
  if (amounts.sender < SENDER_REST_XOF) return;
  const amount = amounts.sender - SENDER_REST_XOF / 2;
  await expectStatus(
    'withdraw',
    200,
    post(kit, '/api/ompay/withdraw', { amount, telephone_client: sender }, token, 'savings'),
  );
}

async function balances(
  kit: SmokeKit,
  sender: string,
  recipient: string,
): Promise<{ sender: number; recipient: number }> {
  return { sender: await balance(kit, sender), recipient: await balance(kit, recipient) };
}

function accessToken(answer: HttpAnswer, what: string): string {
  const token = accessTokenIn(answer);
  if (token !== undefined) return token;
  throw failed(what, 'an access_token', 'none');
}

function registration(telephone: string, password: string): JsonObject {
  return {
    nom: 'Sonde',
    prenom: 'Ompay',
    telephone,
    password,
    password_confirmation: password,
    cni: 'SN000000001',
    sexe: 'Homme',
    date_naissance: '1990-01-01',
    type_compte: 'simple',
  };
}
