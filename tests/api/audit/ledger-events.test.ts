import { expect, test } from 'vitest';
import { ledgerEvents } from '../../../src/api/audit/ledger-events.ts';
import { applyBatch } from '../../../src/api/ledger/apply.ts';
import type { LedgerRequest } from '../../../src/api/ledger/requests.ts';
import { reserveRequest, reverseRequest } from '../../fixtures/holds.ts';
import { request } from '../../fixtures/people.ts';
import { account, contextOf, stateOf } from '../ledger/batches.ts';

/** What the trail is told of a batch of these. */
function told(...requests: readonly LedgerRequest[]) {
  const state = stateOf([account('a', { balanceXof: 0 }), account('b')]);
  return ledgerEvents(applyBatch(requests, state, contextOf()));
}

test('a refused operation and a refused undoing are told with whom they concern', () => {
  const original = {
    id: 't',
    reference: 'TXN1',
    type: 'transfert' as const,
    status: 'reussi' as const,
    debit_account_id: 'b',
    credit_account_id: 'a',
    amount: 100,
    fee: 0,
    description: null,
    initiator_id: null,
    created_at_ms: 1,
    chain_seq: 1,
    chain_hash: '',
  };
  const reverse = reverseRequest(original);
  expect(told(reserveRequest({ accountId: 'a' }), reverse)).toEqual([
    expect.objectContaining({
      action: 'money.refused',
      actorId: null,
      subjectId: 'a',
      detail: { operation: 'reserve', reason: 'insufficientFunds', amount: 100 },
    }),
    expect.objectContaining({
      action: 'money.refused',
      staff: reverse.by,
      subjectId: 't',
      detail: { operation: 'reverse', reason: 'insufficientFunds' },
    }),
  ]);
});

test('a transfer that succeeds tells nothing, and neither does a sweep that had nothing to end', () => {
  const expire = {
    operation: 'expire',
    holdId: 'h',
    accountId: 'a',
    idempotency: null,
    messages: () => [],
    answer: () => ({ statusCode: 200, body: '' }),
  } as const;
  expect(told(request({ debitAccountId: 'b', creditAccountId: 'a', amountXof: 100 }), expire)).toEqual([]);
});
