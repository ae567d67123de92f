import { expect, it } from 'vitest';
import { chainHash, chainHashBefore0004 } from '../../../src/api/ledger/chain.ts';
import { GENESIS_HASH } from '../../../src/api/ledger/house.ts';

const transfer = {
  id: 't',
  reference: 'TXN20261122165309ABCDEF',
  type: 'transfert' as const,
  status: 'reussi' as const,
  debit_account_id: 'a',
  credit_account_id: 'b',
  amount: 100,
  fee: 1,
  description: 'loyer',
  initiator_id: 'u',
  created_at_ms: 1,
  chain_seq: 1,
};
const entry = {
  transfer_id: 't',
  line: 0,
  account_id: 'a',
  amount: -101,
  balance_after: 0,
  chain_seq: 1,
  created_at_ms: 1,
};
const entries = [entry, { ...entry, line: 1, account_id: 'b', amount: 100 }];
const hash = chainHash(GENESIS_HASH, transfer, entries, null);

it('stays the same from release to release, as old transfers must still verify', () => {
  expect(chainHashBefore0004(GENESIS_HASH, transfer, entries)).toBe(
    '492d9e5734163e77067c434bf98721613d313bb3aa89d50942528466bffa0b02',
  );
  expect(hash).toBe('057fa8339d7e3640298c98219765b941cc2b247d69eb6fe62b36244e4f7afa58');
});

it.each([
  ['the hash before', () => chainHash('1'.repeat(64), transfer, entries, null)],
  ['the amount', () => chainHash(GENESIS_HASH, { ...transfer, amount: 101 }, entries, null)],
  ['the payee', () => chainHash(GENESIS_HASH, { ...transfer, credit_account_id: 'c' }, entries, null)],
  ['the time', () => chainHash(GENESIS_HASH, { ...transfer, created_at_ms: 2 }, entries, null)],
  [
    'an entry',
    () => chainHash(GENESIS_HASH, transfer, [{ ...entry, balance_after: 1 }, ...entries.slice(1)], null),
  ],
  ['what stands for the description', () => chainHash(GENESIS_HASH, transfer, entries, 'd')],
  ['the number of entries', () => chainHash(GENESIS_HASH, transfer, entries.slice(1), null)],
])('changes with %s', (_what, changed) => {
  expect(changed()).not.toBe(hash);
});

it('does not hold what a person wrote, so that it may be erased', () => {
  expect(chainHash(GENESIS_HASH, { ...transfer, description: null }, entries, null)).toBe(hash);
});
