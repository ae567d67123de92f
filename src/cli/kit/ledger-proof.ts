import type { ProofQuery } from '../../engine/proof.ts';

/**
 * What a copy of the database must still show of the ledger (src/api/db/schema.ts) before it counts as a backup. Large
 * tables are read once, in the order of their keys: entries lie by their place in the chain, which is one transfer's.
 */
export const LEDGER_PROOF: readonly ProofQuery[] = [
  {
    name: 'every balance is the sum of its entries',
    expect: 'zero',
    // Of `account_id` alone MySQL would follow the index, and fetch each entry by itself: six times as long.
    sql: `select count(*) as accounts_off from accounts a
      left join (select concat(account_id, '') as account, sum(amount) as total from entries group by concat(account_id, '')) e
      on e.account = a.id where a.balance <> coalesce(e.total, 0)`,
  },
  {
    name: 'every transfer has its entries',
    expect: 'zero',
    sql: `select count(*) as bare from transfers t left join entries e on e.chain_seq = t.chain_seq and e.transfer_id = t.id
      where e.transfer_id is null`,
  },
  {
    name: 'every transfer balances',
    expect: 'zero',
    sql: `select count(*) as unbalanced from (select 1 from entries group by chain_seq
      having sum(amount) <> 0 or min(transfer_id) <> max(transfer_id)) t`,
  },
  {
    name: 'debits equal credits',
    expect: 'zero',
    sql: 'select coalesce(sum(amount), 0) as sum_xof from entries',
  },
  {
    name: 'nobody owes but issuance',
    expect: 'zero',
    sql: "select count(*) as negative from accounts where balance - held < 0 and kind <> 'issuance'",
  },
  {
    name: 'what is held is what pending operations hold',
    expect: 'zero',
    sql: `select count(*) as held_off from accounts a left join
      (select account_id, sum(held) as total from holds where status = 'en_attente' group by account_id) h
      on h.account_id = a.id where a.held <> coalesce(h.total, 0)`,
  },
  {
    name: 'every operation is posted by its transfer, or has none',
    expect: 'zero',
    sql: `select count(*) as astray from holds h left join transfers t on t.reference = h.reference
      where (h.status = 'reussi') <> (t.id is not null)
      or (t.id is not null and (t.id <> h.transfer_id or t.amount <> h.amount or t.fee <> h.fee))`,
  },
  {
    name: 'every reversal is the other way of one transfer',
    expect: 'zero',
    sql: `select count(*) as astray from reversals r
      left join transfers t on t.id = r.transfer_id left join transfers o on o.id = r.reverses_id
      where t.id is null or o.id is null or t.amount <> o.amount
      or t.debit_account_id <> o.credit_account_id or t.credit_account_id <> o.debit_account_id`,
  },
  {
    name: 'the chain reaches its head without a gap',
    expect: 'zero',
    sql: `select h.chain_seq - coalesce(max(t.chain_seq), 0) as behind, h.chain_seq - count(t.id) as gaps
      from ledger_head h left join transfers t on true where h.id = 1 group by h.chain_seq`,
  },
  {
    name: 'the recorded head is still in the chain',
    expect: 'kept',
    sql: 'select chain_seq, chain_hash from ledger_head where id = 1',
    check: `select case when $1::bigint = 0 then 0 else 1 - count(*) end as missing from transfers
      where chain_seq = $1::bigint and chain_hash = $2::text`,
  },
  { name: 'transfers', expect: 'grows', sql: 'select count(*) as "rows" from transfers' },
  { name: 'users', expect: 'grows', sql: 'select count(*) as "rows" from users' },
  { name: 'accounts', expect: 'grows', sql: 'select count(*) as "rows" from accounts' },
];
