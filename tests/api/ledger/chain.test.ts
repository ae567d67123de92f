import { expect, it } from 'vitest';
import { chainHash } from '../../../src/api/ledger/chain.ts';
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
const hash = chainHash(GENESIS_HASH, transfer, entries);

it('stays the same from release to release, as old transfers must still verify', () => {
  expect(hash).toBe('492d9e5734163e77067c434bf98721613d313bb3aa89d50942528466bffa0b02');
});

it.each([
  ['the hash before', () => chainHash('1'.repeat(64), transfer, entries)],
  ['the amount', () => chainHash(GENESIS_HASH, { ...transfer, amount: 101 }, entries)],
  ['the payee', () => chainHash(GENESIS_HASH, { ...transfer, credit_account_id: 'c' }, entries)],
  ['the time', () => chainHash(GENESIS_HASH, { ...transfer, created_at_ms: 2 }, entries)],
  [
    'an entry',
    () => chainHash(GENESIS_HASH, transfer, [{ ...entry, balance_after: 1 }, ...entries.slice(1)]),
  ],
  ['the number of entries', () => chainHash(GENESIS_HASH, transfer, entries.slice(1))],
])('changes with %s', (_what, changed) => {
  expect(changed()).not.toBe(hash);
});

it('does not hold what a person wrote, so that it may be erased', () => {
  expect(chainHash(GENESIS_HASH, { ...transfer, description: null }, entries)).toBe(hash);
});
