import { expect, test } from 'vitest';
import { GENESIS_HASH, HOUSE } from '../../../src/api/ledger/house.ts';
import type { AccountState } from '../../../src/api/ledger/limits.ts';
import { keyName } from '../../../src/api/ledger/plan.ts';
import type { PostRequest } from '../../../src/api/ledger/types.ts';
import { request } from '../../fixtures/people.ts';
import {
  account,
  apply,
  FEES,
  hold,
  NOTHING,
  NOW_MS,
  outcomesOf,
  stateOf,
  used,
  writesOf,
} from './batches.ts';

const ANA = account('ana');
const BOB = account('bob');
const IDEMPOTENCY = { ownerId: 'u', key: 'k', fingerprint: 'f' };

function transfer(change: Partial<PostRequest> = {}): PostRequest {
  return request({
    type: 'transfert',
    debitAccountId: 'ana',
    creditAccountId: 'bob',
    amountXof: 1_000,
    ...change,
  });
}

test('one transfer writes itself, its entries, balances, usage, key, claim and messages, and nothing else', () => {
  const { decided, head, transfers, ...written } = apply(stateOf([ANA, BOB]), [
    transfer({
      description: 'loyer',
      initiatorId: 'ana-user',
      idempotency: IDEMPOTENCY,
      claim: 'qr-1',
      messages: ({ amountXof }) => [{ channel: 'sms', recipient: '+221', body: `recu ${amountXof}` }],
    }),
  ]);
  const posted = {
    id: 'id1',
    reference: 'TXN1',
    type: 'transfert',
    amountXof: 1_000,
    feeXof: 8,
    description: 'loyer',
    debitAccountId: 'ana',
    creditAccountId: 'bob',
    debitAvailableXof: 8_992,
    creditAvailableXof: 11_000,
    createdAtMs: NOW_MS,
  };
  const outcome = { kind: 'posted', transfer: posted };
  const answer = { statusCode: 200, body: JSON.stringify(outcome) };
  expect(decided.map(({ result }) => result)).toEqual([{ kind: 'done', outcome, answer }]);
  expect(transfers).toEqual([
    {
      id: 'id1',
      reference: 'TXN1',
      type: 'transfert',
      status: 'reussi',
      debit_account_id: 'ana',
      credit_account_id: 'bob',
      amount: 1_000,
      fee: 8,
      description: 'loyer',
      initiator_id: 'ana-user',
      created_at_ms: NOW_MS,
      chain_seq: 1,
      chain_hash: head.chainHash,
    },
  ]);
  expect(head.chainSeq).toBe(1);
  expect(head.chainHash).not.toBe(GENESIS_HASH);
  const entry = { transfer_id: 'id1', chain_seq: 1, created_at_ms: NOW_MS };
  expect(written).toEqual({
    entries: [
      { ...entry, line: 0, account_id: 'ana', amount: -1_008, balance_after: 8_992 },
      { ...entry, line: 1, account_id: 'bob', amount: 1_000, balance_after: 11_000 },
      { ...entry, line: 2, account_id: FEES.id, amount: 8, balance_after: 508 },
    ],
    seals: [{ chain_seq: 1, salt: 'salt1', digest: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    keys: [
      {
        owner_id: 'u',
        idempotency_key: 'k',
        fingerprint: 'f',
        status_code: 200,
        body: answer.body,
        transfer_id: 'id1',
        created_at_ms: NOW_MS,
      },
    ],
    claims: [{ claim: 'qr-1', transfer_id: 'id1', created_at_ms: NOW_MS }],
    messages: [{ channel: 'sms', recipient: '+221', body: 'recu 1000' }],
    reversals: [],
    usage: [
      { account_id: 'ana', period: 'd:2026-11-22', direction: 'out', amount: 1_000 },
      { account_id: 'ana', period: 'm:2026-11', direction: 'out', amount: 1_000 },
      { account_id: 'bob', period: 'm:2026-11', direction: 'in', amount: 1_000 },
    ],
    newHolds: [],
    changedHolds: [],
    balances: new Map([
      [FEES.id, 508],
      ['ana', 8_992],
      ['bob', 11_000],
    ]),
    lowered: new Map(),
    raised: new Map(),
  });
});

test.each([
  ['to itself', { creditAccountId: 'ana' }, { reason: 'sameAccount' }],
  ['from nobody', { debitAccountId: 'nobody' }, { reason: 'accountNotFound', accountId: 'nobody' }],
  ['to nobody', { creditAccountId: 'nobody' }, { reason: 'accountNotFound', accountId: 'nobody' }],
  ['with a claim that is used up', { claim: 'qr-0' }, { reason: 'claimTaken' }],
])('a transfer %s is refused and writes nothing', (_what, change, refusal) => {
  const plan = apply(stateOf([ANA, BOB], { claims: new Set(['qr-0']) }), [transfer(change)]);
  expect(outcomesOf(plan)).toEqual([{ kind: 'refused', refusal }]);
  expect(writesOf(plan)).toEqual(NOTHING);
});

test('who cannot pay is not told whether there is somebody to be paid', () => {
  const spent = account('ana', used({ dayOutXof: 20_000, monthOutXof: 20_000 }));
  const tried = (payer: AccountState, creditAccountId: string) =>
    outcomesOf(apply(stateOf([payer, { ...BOB, balanceXof: 50_000 }]), [transfer({ creditAccountId })]));
  for (const payer of [account('ana', { balanceXof: 1_007 }), spent]) {
    expect(tried(payer, 'nobody')).toEqual(tried(payer, 'bob'));
  }
  expect(tried(ANA, 'bob')).toMatchObject([{ refusal: { reason: 'balanceCeiling' } }]);
});

test('a transfer of all that there is, fee included, passes; of a franc more it does not', () => {
  // 9,920 XOF cost 79 XOF at 0.8 %, 9,921 the same.
  const all = stateOf([account('ana', { balanceXof: 9_999 }), BOB]);
  expect(outcomesOf(apply(all, [transfer({ amountXof: 9_920 })]))).toMatchObject([
    { kind: 'posted', transfer: { feeXof: 79, debitAvailableXof: 0 } },
  ]);
  const refused = apply(all, [transfer({ amountXof: 9_921 })]);
  expect(outcomesOf(refused)).toEqual([
    { kind: 'refused', refusal: { reason: 'insufficientFunds', availableXof: 9_999, neededXof: 10_000 } },
  ]);
  expect(writesOf(refused)).toEqual(NOTHING);
});

test('what is held is not there to be spent, and issuance alone may go below zero', () => {
  const held = stateOf([account('ana', { heldXof: 9_500 }), BOB]);
  expect(outcomesOf(apply(held, [transfer({ amountXof: 600 })]))).toEqual([
    { kind: 'refused', refusal: { reason: 'insufficientFunds', availableXof: 500, neededXof: 605 } },
  ]);
  const issuance = account(HOUSE.issuance.id, { kind: 'issuance', kycLevel: null, balanceXof: 0 });
  const issued = apply(stateOf([issuance, BOB]), [
    transfer({ type: 'approvisionnement', debitAccountId: issuance.id }),
  ]);
  expect(issued.balances).toEqual(
    new Map([
      [issuance.id, -1_000],
      ['bob', 11_000],
    ]),
  );
});

test('a ceiling refuses what funds would allow, the sender before the receiver', () => {
  const rich = account('ana', { balanceXof: 90_000 });
  const judged = (ana: Parameters<typeof account>[1], bob: Parameters<typeof account>[1]) =>
    outcomesOf(apply(stateOf([{ ...rich, ...ana }, account('bob', bob)]), [transfer()]));
  const full = { reason: 'balanceCeiling', ceilingXof: 50_000 };
  const spent = { reason: 'periodCeiling', period: 'day', direction: 'out', ceilingXof: 20_000 };
  expect(judged(used({ dayOutXof: 19_001 }), { balanceXof: 49_001 })).toEqual([
    { kind: 'refused', refusal: spent },
  ]);
  expect(judged({}, { balanceXof: 49_001 })).toEqual([{ kind: 'refused', refusal: full }]);
  expect(judged(used({ dayOutXof: 19_000 }), { balanceXof: 49_000 })).toMatchObject([{ kind: 'posted' }]);
});

test('a request that was answered before gets the same bytes, and nothing is written', () => {
  const keys = new Map([[keyName('u', 'k'), { fingerprint: 'f', statusCode: 418, body: 'as before' }]]);
  const plan = apply(stateOf([ANA, BOB], { keys }), [transfer({ idempotency: IDEMPOTENCY })]);
  expect(plan.decided.map(({ result }) => result)).toEqual([
    { kind: 'replayed', answer: { statusCode: 418, body: 'as before' } },
  ]);
  expect(writesOf(plan)).toEqual(NOTHING);
});

test('a key that comes back with another request is refused, and one that is new or absent is not', () => {
  const keys = new Map([[keyName('u', 'k'), { fingerprint: 'other', statusCode: 200, body: '' }]]);
  const { decided } = apply(stateOf([ANA, BOB], { keys }), [
    transfer({ idempotency: IDEMPOTENCY }),
    transfer({ idempotency: { ...IDEMPOTENCY, key: 'k2' } }),
    transfer(),
  ]);
  expect(decided.map(({ result }) => result.kind)).toEqual(['keyReused', 'done', 'done']);
  expect(decided[0]?.result).toEqual({ kind: 'keyReused' });
});

test('a refusal is kept under its key, without a transfer', () => {
  const { keys } = apply(stateOf([ANA, BOB]), [
    transfer({ creditAccountId: 'ana', idempotency: IDEMPOTENCY }),
  ]);
  expect(keys).toEqual([
    {
      owner_id: 'u',
      idempotency_key: 'k',
      fingerprint: 'f',
      status_code: 400,
      body: '{"kind":"refused","refusal":{"reason":"sameAccount"}}',
      transfer_id: null,
      created_at_ms: NOW_MS,
    },
  ]);
});

test('a transfer that claims nothing uses nothing up', () => {
  const plan = apply(stateOf([ANA, BOB]), [transfer(), transfer()]);
  expect(outcomesOf(plan)).toMatchObject([{ kind: 'posted' }, { kind: 'posted' }]);
  expect(plan.claims).toEqual([]);
});

test('of the requests of a batch with one claim the first that moves money has it', () => {
  const asked = [{ creditAccountId: 'ana' }, {}, {}, { claim: 'qr-2' }].map((change) =>
    transfer({ claim: 'qr-1', ...change }),
  );
  const plan = apply(stateOf([ANA, BOB]), asked);
  expect(outcomesOf(plan)).toMatchObject([
    { refusal: { reason: 'sameAccount' } },
    { kind: 'posted' },
    { refusal: { reason: 'claimTaken' } },
    { kind: 'posted' },
  ]);
  expect(plan.claims.map(({ claim, transfer_id }) => [claim, transfer_id])).toEqual([
    ['qr-1', 'id1'],
    ['qr-2', 'id2'],
  ]);
});

test('an operation of the payer whose time is over gives its money back before the transfer is judged', () => {
  const broke = account('ana', {
    balanceXof: 1_010,
    heldXof: 1_010,
    ...used({ dayOutXof: 1_000, monthOutXof: 1_000 }),
  });
  const due = hold({ expires_at_ms: NOW_MS });
  const plan = apply(stateOf([broke, BOB], { holds: [due] }), [transfer()]);
  expect(outcomesOf(plan)).toMatchObject([{ kind: 'posted', transfer: { debitAvailableXof: 2 } }]);
  expect(plan.changedHolds).toEqual([{ ...due, status: 'echoue', resolved_at_ms: NOW_MS }]);
  expect(plan.lowered).toEqual(new Map([['ana', 0]]));
  const early = hold({ expires_at_ms: NOW_MS + 1 });
  expect(outcomesOf(apply(stateOf([broke, BOB], { holds: [early] }), [transfer()]))).toEqual([
    { kind: 'refused', refusal: { reason: 'insufficientFunds', availableXof: 0, neededXof: 1_008 } },
  ]);
});
