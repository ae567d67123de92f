import { expect, test } from 'vitest';
import { checkHistory, type Rule } from '../../../bench/bank/checker.ts';
import type { Answer, History, Operation, Snapshot } from '../../../bench/bank/history.ts';

const SOUND_SNAPSHOT: Snapshot = { totalXof: 0, circulatingXof: 1_000, leastXof: 0, torn: 0 };

function answer(reference: string | undefined, change: Partial<Answer> = {}): Answer {
  return { status: 200, body: `{"reference":"${reference}"}`, reference, feeXof: 0, ...change };
}

function operation(change: Partial<Operation>): Operation {
  return {
    kind: 'transfer',
    key: 'k1',
    debitAccountId: 'awa',
    creditAccountId: 'binta',
    amountXof: 100,
    answers: [answer('T1', { feeXof: 1 })],
    unknowns: 0,
    ...change,
  };
}

const REFUSED: Answer = { status: 400, body: 'solde', reference: undefined, feeXof: 0 };

/** Awa sends 100 for 1, and opens, and has confirmed, a withdrawal of 50; one of 30 stays open, one was cancelled. */
const SOUND: History = {
  operations: [
    operation({}),
    operation({ key: 'k2', answers: [REFUSED, REFUSED] }),
    operation({ kind: 'open', key: 'k3', creditAccountId: 'kiosk', amountXof: 50, answers: [answer('H1')] }),
    operation({
      kind: 'confirm',
      key: 'k4',
      creditAccountId: 'kiosk',
      amountXof: 50,
      of: 'H1',
      answers: [answer('H1')],
    }),
    operation({ kind: 'open', key: 'k5', creditAccountId: 'kiosk', amountXof: 30, answers: [answer('H2')] }),
    operation({ kind: 'open', key: 'k6', creditAccountId: 'kiosk', amountXof: 20, answers: [answer('H3')] }),
    operation({ kind: 'cancel', key: 'k7', amountXof: 20, of: 'H3', answers: [answer('H3')] }),
    operation({
      kind: 'confirm',
      key: 'k8',
      amountXof: 20,
      of: 'H3',
      answers: [{ ...REFUSED, status: 422 }],
    }),
  ],
  snapshots: [SOUND_SNAPSHOT, SOUND_SNAPSHOT],
  circulatingXof: 1_000,
  before: [
    { accountId: 'awa', balanceXof: 600, heldXof: 0 },
    { accountId: 'binta', balanceXof: 200, heldXof: 0 },
    { accountId: 'kiosk', balanceXof: 200, heldXof: 0 },
  ],
  after: [
    { accountId: 'awa', balanceXof: 449, heldXof: 30 },
    { accountId: 'binta', balanceXof: 300, heldXof: 0 },
    { accountId: 'kiosk', balanceXof: 250, heldXof: 0 },
  ],
  transfers: [
    { reference: 'T1', debitAccountId: 'awa', creditAccountId: 'binta', amountXof: 100, feeXof: 1 },
    { reference: 'H1', debitAccountId: 'awa', creditAccountId: 'kiosk', amountXof: 50, feeXof: 0 },
  ],
  holds: [
    { reference: 'H1', status: 'reussi', heldXof: 50, accountId: 'awa' },
    { reference: 'H2', status: 'en_attente', heldXof: 30, accountId: 'awa' },
    { reference: 'H3', status: 'annule', heldXof: 20, accountId: 'awa' },
  ],
};

function rulesBroken(change: Partial<History>): ReadonlySet<Rule> {
  return new Set(checkHistory({ ...SOUND, ...change }).map(({ rule }) => rule));
}

/** The history with one operation otherwise. */
function withOperation(key: string, change: Partial<Operation>): Partial<History> {
  return {
    operations: SOUND.operations.map((each) => (each.key === key ? { ...each, ...change } : each)),
  };
}

const [FIRST, CONFIRMED] = SOUND.transfers;
if (FIRST === undefined || CONFIRMED === undefined) throw new Error('the sound history has two transfers');

/** An account of the history, with another balance. */
function withBalance(accountId: string, balanceXof: number): Partial<History> {
  return {
    after: SOUND.after.map((row) => (row.accountId === accountId ? { ...row, balanceXof } : row)),
  };
}

function withHold(reference: string, status: string): Partial<History> {
  return { holds: SOUND.holds.map((hold) => (hold.reference === reference ? { ...hold, status } : hold)) };
}

test('a sound history breaks no rule', () => {
  expect(checkHistory(SOUND)).toEqual([]);
});

const PLANTED: readonly (readonly [string, Rule, Partial<History>])[] = [
  ['an acknowledged transfer that is not in the ledger', 'lost', { transfers: [CONFIRMED] }],
  ['two keys that were told the same reference', 'lost', withOperation('k2', { answers: [answer('T1')] })],
  ['an opened operation that is not in the ledger', 'lost', { holds: SOUND.holds.slice(0, 2) }],
  ['a transfer under its reference twice', 'doubled', { transfers: [...SOUND.transfers, FIRST] }],
  [
    'a second transfer of the same key',
    'doubled',
    { transfers: [...SOUND.transfers, { ...FIRST, reference: 'T2' }] },
  ],
  [
    'a second operation of the same key',
    'doubled',
    { holds: [...SOUND.holds, { reference: 'H4', status: 'en_attente', heldXof: 0, accountId: 'awa' }] },
  ],
  ['a refusal whose money moved all the same', 'doubled', withOperation('k1', { answers: [REFUSED] })],
  ['another amount than was asked', 'changed', { transfers: [{ ...FIRST, amountXof: 101 }, CONFIRMED] }],
  ['another fee than was told', 'changed', { transfers: [{ ...FIRST, feeXof: 2 }, CONFIRMED] }],
  ['another receiver', 'changed', { transfers: [{ ...FIRST, creditAccountId: 'kiosk' }, CONFIRMED] }],
  ['another payer', 'changed', { transfers: [{ ...FIRST, debitAccountId: 'kiosk' }, CONFIRMED] }],
  [
    'other bytes for the same key',
    'bytes',
    withOperation('k1', { answers: [answer('T1', { feeXof: 1 }), answer('T1', { body: '{}' })] }),
  ],
  [
    'another status for the same key',
    'bytes',
    withOperation('k2', { answers: [REFUSED, { ...REFUSED, status: 422 }] }),
  ],
  ['a key without an answer', 'unresolved', withOperation('k2', { answers: [] })],
  [
    'a client that is suddenly nobody',
    'unexpected',
    withOperation('k2', { answers: [{ ...REFUSED, status: 401 }] }),
  ],
  [
    'a key that is said to be another request’s',
    'unexpected',
    withOperation('k2', { answers: [{ ...REFUSED, status: 422, body: 'cle_idempotence_reutilisee' }] }),
  ],
  ['a balance that is a franc too high', 'balance', withBalance('binta', 301)],
  ['a balance that is a franc too low', 'balance', withBalance('awa', 448)],
  ['a customer below zero', 'negative', withBalance('awa', 29)],
  ['more held than pending operations hold', 'hold', { holds: SOUND.holds.slice(0, 1) }],
  ['an operation that was confirmed and is pending', 'hold', withHold('H1', 'en_attente')],
  ['an operation that was cancelled and went through', 'hold', withHold('H3', 'reussi')],
  ['an operation that nobody ended, ended', 'hold', withHold('H2', 'annule')],
  ['an operation both confirmed and cancelled', 'hold', withOperation('k8', { answers: [answer('H3')] })],
  [
    'a snapshot in which money was made',
    'total',
    { snapshots: [{ ...SOUND_SNAPSHOT, circulatingXof: 1_001 }] },
  ],
  ['a snapshot that does not sum to zero', 'total', { snapshots: [{ ...SOUND_SNAPSHOT, totalXof: -1 }] }],
  ['a snapshot with somebody below zero', 'negative', { snapshots: [{ ...SOUND_SNAPSHOT, leastXof: -1 }] }],
  ['a torn snapshot', 'torn', { snapshots: [{ ...SOUND_SNAPSHOT, torn: 1 }] }],
];

test.each(PLANTED)('%s is seen as %s', (_name, rule, change) => {
  expect(rulesBroken(change)).toContain(rule);
});
