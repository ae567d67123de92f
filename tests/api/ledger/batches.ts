import type { HoldRow, LimitRuleRow, TransferRow, TransferType } from '../../../src/api/db/schema.ts';
import { applyBatch } from '../../../src/api/ledger/apply.ts';
import { HOLD_LIFETIME_MS } from '../../../src/api/ledger/hold.ts';
import { GENESIS_HASH, HOUSE } from '../../../src/api/ledger/house.ts';
import type { AccountState } from '../../../src/api/ledger/limits.ts';
import type { BatchContext, BatchPlan, BatchState } from '../../../src/api/ledger/plan.ts';
import type {
  AnyOutcome,
  ConfirmRequest,
  LedgerRequest,
  ReserveRequest,
  ResolveRequest,
  ReverseRequest,
} from '../../../src/api/ledger/requests.ts';

/** What a batch decides, without a database: accounts and rules of the tests' own, ids and codes that count up. */

export const NOW_MS = Date.UTC(2026, 10, 22, 12);
const FEES_PPM: Partial<Record<TransferType, number>> = { transfert: 8_000, retrait: 10_000 };

const RULE: LimitRuleRow = {
  kyc_level: 'identified',
  max_balance: 50_000,
  daily_out: 20_000,
  monthly_out: 30_000,
  monthly_in: 40_000,
  otp_requests_per_hour: 3,
  source: 'test',
};

export function account(id: string, change: Partial<AccountState> = {}): AccountState {
  const usage = { dayOutXof: 0, monthOutXof: 0, monthInXof: 0 };
  return { id, kind: 'customer', balanceXof: 10_000, heldXof: 0, kycLevel: 'identified', usage, ...change };
}

export function used(change: Partial<AccountState['usage']>): Pick<AccountState, 'usage'> {
  return { usage: { dayOutXof: 0, monthOutXof: 0, monthInXof: 0, ...change } };
}

export const DISTRIBUTOR = account('shop', { kind: 'distributor', kycLevel: null });
export const FEES = account(HOUSE.fees.id, { kind: 'fees', kycLevel: null, balanceXof: 500 });

/** A ledger with the fees' account and those given. */
export function stateOf(
  accounts: readonly AccountState[],
  change: Partial<Omit<BatchState, 'accounts'>> = {},
): BatchState {
  return {
    head: { chainSeq: 0, chainHash: GENESIS_HASH },
    accounts: new Map([FEES, ...accounts].map((each) => [each.id, each])),
    keys: new Map(),
    claims: new Set(),
    holds: [],
    pastUsage: [],
    reversals: [],
    ...change,
  };
}

export function contextOf(change: Partial<BatchContext> = {}): BatchContext {
  const counted = (prefix: string) => {
    let made = 0;
    return () => {
      made += 1;
      return `${prefix}${made}`;
    };
  };
  const newReference = counted('TXN');
  return {
    nowMs: NOW_MS,
    rules: { limits: new Map([['identified', RULE]]), ratePpm: (type) => FEES_PPM[type] ?? 0 },
    newId: counted('id'),
    newReference,
    newHoldReference: newReference,
    newCode: counted('00000'),
    newSalt: counted('salt'),
    ...change,
  };
}

export function apply<R extends LedgerRequest>(
  state: BatchState,
  requests: readonly R[],
  change: Partial<BatchContext> = {},
): BatchPlan<R> {
  return applyBatch(requests, state, contextOf(change));
}

/** What was decided of each request; one that was not decided anew throws. */
export function outcomesOf(plan: BatchPlan<LedgerRequest>): readonly AnyOutcome[] {
  return plan.decided.map(({ result }) => {
    if (result.kind === 'done') return result.outcome;
    throw new Error(`not decided: ${result.kind}`);
  });
}

/** Everything that a batch writes, without the requests. */
export function writesOf({ decided: _decided, ...writes }: BatchPlan<LedgerRequest>) {
  return writes;
}

/** What is written by a batch that changes nothing. */
export const NOTHING = {
  head: { chainSeq: 0, chainHash: GENESIS_HASH },
  transfers: [],
  entries: [],
  seals: [],
  keys: [],
  claims: [],
  messages: [],
  reversals: [],
  usage: [],
  newHolds: [],
  changedHolds: [],
  balances: new Map(),
  lowered: new Map(),
  raised: new Map(),
};

const asked = {
  idempotency: null,
  messages: ({ kind }: AnyOutcome) => [{ channel: 'sms' as const, recipient: '+221770000001', body: kind }],
  answer: (outcome: AnyOutcome) => ({ statusCode: 200, body: outcome.kind }),
};

export const sealCode = (code: string): string => `seal-of-${code}`.padEnd(20, '.');

export function reserve(change: Partial<ReserveRequest> = {}): ReserveRequest {
  return {
    operation: 'reserve',
    type: 'retrait',
    accountId: 'ana',
    amountXof: 1_000,
    description: 'loyer',
    sealCode,
    ...asked,
    ...change,
  };
}

export function confirm(code: string, change: Partial<ConfirmRequest> = {}): ConfirmRequest {
  return {
    operation: 'confirm',
    accountId: 'ana',
    counterpartyId: DISTRIBUTOR.id,
    codeHmac: sealCode(code),
    initiatorId: 'clerk',
    ...asked,
    ...change,
  };
}

export function resolve(operation: 'void' | 'expire', holdId = 'h1', accountId = 'ana'): ResolveRequest {
  return { operation, holdId, accountId, ...asked };
}

export function reverse(original: TransferRow): ReverseRequest {
  return {
    operation: 'reverse',
    original,
    description: 'annulation',
    reason: 'wrong payee',
    by: 'staff',
    ...asked,
  };
}

/** A withdrawal of 1,000 XOF with 10 XOF of fee that Ana opened a minute ago; its code is 123456. */
export function hold(change: Partial<HoldRow> = {}): HoldRow {
  return {
    id: 'h1',
    reference: 'TXN-h1',
    type: 'retrait',
    account_id: 'ana',
    amount: 1_000,
    fee: 10,
    held: 1_010,
    status: 'en_attente',
    code_hmac: sealCode('123456'),
    tries: 0,
    expires_at_ms: NOW_MS - 60_000 + HOLD_LIFETIME_MS,
    transfer_id: null,
    resolved_at_ms: 0,
    created_at_ms: NOW_MS - 60_000,
    description: 'loyer',
    opened_seq: 0,
    ...change,
  };
}

/** The same as a deposit. */
export function deposit(change: Partial<HoldRow> = {}): HoldRow {
  return hold({ type: 'depot', fee: 0, held: 0, ...change });
}
