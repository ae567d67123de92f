import { OmpayError } from '../core/errors.ts';
import type { Host, HttpAnswer, HttpTarget } from '../host/host.ts';
import type { JsonObject } from '../plan/plan.ts';

/** The accounts kept for smoke tests: two customers and a distributor, with one derived password. */
export interface ProbeAccounts {
  readonly sender: string;
  readonly recipient: string;
  readonly distributor: string;
  readonly password: string;
}

export interface SmokeKit {
  readonly host: Host;
  readonly target: HttpTarget;
  readonly accounts: ProbeAccounts;
  /** Unique to this run: makes the idempotency keys of the money routes. */
  readonly run: string;
  /** The newest code sent to the number, as its owner would read it. */
  readonly readOtp: (telephone: string) => Promise<string>;
  /** Throws when the ledger's invariants do not hold. */
  readonly proveLedger: () => Promise<void>;
  readonly signal: AbortSignal;
}

const REQUEST_TIMEOUT_MS = 10_000;
const DEPOSIT_XOF = 200;
const TRANSFER_XOF = 100;
/** 0.8 % of the transfer, rounded half up: shared by the fee table of the first migration. */
const TRANSFER_FEE_XOF = 1;
/** Above this the sender's savings go back to the distributor, so that floats and ceilings last. */
const SENDER_REST_XOF = 10_000;

/**
 * Real money movements against one slot: register (the number is known: 409), OTP, deposit, the same deposit again,
 * transfer, balances to the franc, logout, debits = credits. Throws OmpayError `checkBlocked` naming the step,
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
  await giveBack(kit, distributorToken, { sender: after.sender, recipient: TRANSFER_XOF });
  for (const token of [senderToken, recipientToken, distributorToken]) {
    await expectStatus('logout', 200, post(kit, '/api/ompay/logout', {}, token));
  }
  await expectStatus('balance after logout', 401, get(kit, '/api/ompay/balance', senderToken));
  await kit.proveLedger();
  return { shown: 'debits = credits', depositXof: DEPOSIT_XOF, transferXof: TRANSFER_XOF };
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

async function balance(kit: SmokeKit, token: string): Promise<number> {
  const answer = await expectStatus('balance', 200, get(kit, '/api/ompay/balance', token));
  const solde = dataOf(answer).solde;
  if (typeof solde !== 'number' || !Number.isSafeInteger(solde))
    throw failed('balance', 'a whole number of francs', String(solde));
  return solde;
}

function post(
  kit: SmokeKit,
  path: string,
  body: JsonObject,
  token?: string,
  key?: string,
): Promise<HttpAnswer> {
  return kit.host.request({
    method: 'POST',
    target: kit.target,
    path,
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(key === undefined ? {} : { 'idempotency-key': `smoke-${kit.run}-${key}` }),
    },
    body: JSON.stringify(body),
    timeoutMs: REQUEST_TIMEOUT_MS,
    signal: kit.signal,
  });
}

function get(kit: SmokeKit, path: string, token: string): Promise<HttpAnswer> {
  const headers = { authorization: `Bearer ${token}` };
  return kit.host.request({
    method: 'GET',
    target: kit.target,
    path,
    headers,
    timeoutMs: REQUEST_TIMEOUT_MS,
    signal: kit.signal,
  });
}

async function expectStatus(
  what: string,
  expected: number,
  answering: Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  const answer = await answering;
  if (answer.statusCode !== expected)
    throw failed(what, String(expected), `${answer.statusCode} ${messageIn(answer)}`);
  return answer;
}

function expectEqual(what: string, expected: string | number, seen: string | number): void {
  if (expected !== seen) throw failed(what, String(expected), String(seen));
}

function failed(what: string, expected: string, seen: string): OmpayError {
  return new OmpayError('checkBlocked', `smoke test: ${what}: expected ${expected}, seen ${seen}`, {
    hint: 'read what the new release wrote: ompay logs',
  });
}

function accessToken(answer: HttpAnswer, what: string): string {
  const token = accessTokenIn(answer);
  if (token !== undefined) return token;
  throw failed(what, 'an access_token', 'none');
}

/** verify-otp gives the tokens beside the user, login gives them alone. */
export function accessTokenIn(answer: HttpAnswer): string | undefined {
  const data = dataOf(answer);
  const tokens = typeof data.tokens === 'object' && data.tokens !== null ? data.tokens : data;
  const token = 'access_token' in tokens ? tokens.access_token : undefined;
  return typeof token === 'string' ? token : undefined;
}

/** Only the message: bodies may hold tokens. */
function messageIn(answer: HttpAnswer): string {
  const body = parsed(answer.body);
  return typeof body.message === 'string' ? body.message : '';
}

function dataOf(answer: HttpAnswer): Readonly<Record<string, unknown>> {
  const { data } = parsed(answer.body);
  return typeof data === 'object' && data !== null ? { ...data } : {};
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
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
