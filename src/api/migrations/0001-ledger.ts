import { GENESIS_HASH, HOUSE } from '../ledger/house.ts';
import { createPeople } from './0001-people.ts';
import { FEE_RULES, LIMIT_RULES } from './0001-rules.ts';
import type { Migration, MigrationKit } from './kit.ts';

/** The first schema: people and their sessions, the ledger, its rules, the outbox. */
export const migration0001: Migration = {
  id: '0001',
  name: 'ledger',
  expand: async (kit) => {
    await createPeople(kit);
    await createAccounts(kit);
    await createTransfers(kit);
    await createLedgerSupport(kit);
    await createRules(kit);
    await kit.makeAppendOnly('transfers');
    await kit.makeAppendOnly('entries');
  },
};

async function createAccounts(kit: MigrationKit): Promise<void> {
  const { id, code, bigint } = kit.types;
  await kit.createTable({
    name: 'accounts',
    columns: {
      id: `${id} not null`,
      user_id: `${id} null`,
      numero: `${code(16)} not null`,
      kind: `${code(16)} not null`,
      code_marchand: `${code(16)} null`,
      balance: `${bigint} not null`,
      held: `${bigint} not null`,
      created_at_ms: `${bigint} not null`,
    },
    primaryKey: ['id'],
    unique: [['numero'], ['code_marchand']],
    indexes: { accounts_user: ['user_id'] },
    checks: {
      kind_known: "kind in ('customer', 'merchant', 'distributor', 'fees', 'issuance', 'suspense')",
      held_positive: 'held >= 0',
      money_there: "kind = 'issuance' or balance - held >= 0",
      owned: "kind in ('fees', 'issuance', 'suspense') or user_id is not null",
    },
    references: { user_id: { table: 'users', column: 'id' } },
  });
  const house = { user_id: null, code_marchand: null, balance: 0, held: 0, created_at_ms: 0 };
  const accounts = Object.values(HOUSE).map((account) => ({ ...house, ...account }));
  await kit.insertIfAbsent('accounts', accounts);
}

/**
 * `chain_seq` is the order of the whole ledger. As the entries' key it keeps a transfer's lines together and in order,
 * for the chain's check; with the account before it, it is an account's history. Neither table has foreign keys: their
 * rows are only ever inserted, by one function that holds the accounts locked, and keys cost a fifth of the whole
 * batch's time on PGlite. The invariants are checked instead, by deployments and by backups.
 */
async function createTransfers(kit: MigrationKit): Promise<void> {
  const { id, code, text, bigint, integer } = kit.types;
  await kit.createTable({
    name: 'transfers',
    columns: {
      id: `${id} not null`,
      reference: `${code(32)} not null`,
      type: `${code(20)} not null`,
      status: `${code(16)} not null`,
      debit_account_id: `${id} not null`,
      credit_account_id: `${id} not null`,
      amount: `${bigint} not null`,
      fee: `${bigint} not null`,
      description: `${text(255)} null`,
      initiator_id: `${id} null`,
      created_at_ms: `${bigint} not null`,
      chain_seq: `${bigint} not null`,
      chain_hash: `${code(64)} not null`,
    },
    primaryKey: ['id'],
    unique: [['reference'], ['chain_seq']],
    checks: {
      type_known: "type in ('depot', 'retrait', 'transfert', 'paiement', 'approvisionnement')",
      status_known: "status in ('reussi', 'en_attente', 'annule', 'echoue')",
      amount_positive: 'amount > 0',
      fee_positive: 'fee >= 0',
      two_accounts: 'debit_account_id <> credit_account_id',
    },
  });
  await kit.createTable({
    name: 'entries',
    columns: {
      transfer_id: `${id} not null`,
      line: `${integer} not null`,
      account_id: `${id} not null`,
      amount: `${bigint} not null`,
      balance_after: `${bigint} not null`,
      chain_seq: `${bigint} not null`,
      created_at_ms: `${bigint} not null`,
    },
    primaryKey: ['chain_seq', 'line'],
    indexes: { entries_history: ['account_id', 'chain_seq desc'] },
    checks: { amount_not_zero: 'amount <> 0' },
  });
}

async function createLedgerSupport(kit: MigrationKit): Promise<void> {
  const { id, code, text, longText, bigint, integer } = kit.types;
  await kit.createTable({
    name: 'ledger_head',
    columns: {
      id: `${integer} not null`,
      chain_seq: `${bigint} not null`,
      chain_hash: `${code(64)} not null`,
    },
    primaryKey: ['id'],
    checks: { single: 'id = 1' },
  });
  await kit.insertIfAbsent('ledger_head', [{ id: 1, chain_seq: 0, chain_hash: GENESIS_HASH }]);
  await kit.createTable({
    name: 'idempotency_keys',
    columns: {
      owner_id: `${id} not null`,
      idempotency_key: `${text(255)} not null`,
      fingerprint: `${code(64)} not null`,
      status_code: `${integer} not null`,
      body: `${longText} not null`,
      transfer_id: `${id} null`,
      created_at_ms: `${bigint} not null`,
    },
    primaryKey: ['owner_id', 'idempotency_key'],
  });
  await kit.createTable({
    name: 'usage_counters',
    columns: {
      account_id: `${id} not null`,
      period: `${code(16)} not null`,
      direction: `${code(3)} not null`,
      amount: `${bigint} not null`,
    },
    primaryKey: ['account_id', 'period', 'direction'],
    checks: { direction_known: "direction in ('in', 'out')", amount_positive: 'amount >= 0' },
  });
}

async function createRules(kit: MigrationKit): Promise<void> {
  const { code, text, bigint, integer } = kit.types;
  await kit.createTable({
    name: 'limit_rules',
    columns: {
      kyc_level: `${code(16)} not null`,
      max_balance: `${bigint} null`,
      daily_out: `${bigint} null`,
      monthly_out: `${bigint} null`,
      monthly_in: `${bigint} null`,
      otp_requests_per_hour: `${integer} not null`,
      source: `${text(500)} not null`,
    },
    primaryKey: ['kyc_level'],
  });
  await kit.insertIfAbsent('limit_rules', LIMIT_RULES);
  await kit.createTable({
    name: 'fee_rules',
    columns: {
      type: `${code(20)} not null`,
      rate_ppm: `${integer} not null`,
      source: `${text(500)} not null`,
    },
    primaryKey: ['type'],
    checks: { rate_sane: 'rate_ppm >= 0 and rate_ppm <= 1000000' },
  });
  await kit.insertIfAbsent('fee_rules', FEE_RULES);
}
