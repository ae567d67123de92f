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

export function post(
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

export function get(kit: SmokeKit, path: string, token: string): Promise<HttpAnswer> {
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

/** Throws `checkBlocked`, with what was expected and seen, unless the answer has the status. */
export async function expectStatus(
  what: string,
  expected: number,
  answering: HttpAnswer | Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  const answer = await answering;
  if (answer.statusCode !== expected)
    throw failed(what, String(expected), `${answer.statusCode} ${messageIn(answer)}`);
  return answer;
}

export function expectEqual(what: string, expected: string | number, seen: string | number): void {
  if (expected !== seen) throw failed(what, String(expected), String(seen));
}

export function failed(what: string, expected: string, seen: string): OmpayError {
  return new OmpayError('checkBlocked', `smoke test: ${what}: expected ${expected}, seen ${seen}`, {
    hint: 'read what the new release wrote: ompay logs',
  });
}

/** What the account can spend, XOF. */
export async function balance(kit: SmokeKit, token: string): Promise<number> {
  const answer = await expectStatus('balance', 200, get(kit, '/api/ompay/balance', token));
  const solde = dataOf(answer).solde;
  if (typeof solde !== 'number' || !Number.isSafeInteger(solde))
    throw failed('balance', 'a whole number of francs', String(solde));
  return solde;
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

export function dataOf(answer: HttpAnswer): Readonly<Record<string, unknown>> {
  return recordOf(parsed(answer.body).data);
}

/** The fields of an object; none of anything else. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return recordOf(JSON.parse(text));
  } catch {
    return {};
  }
}
