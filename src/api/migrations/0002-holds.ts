import type { Migration, MigrationKit } from './kit.ts';

/** Operations that customers open and distributors confirm, and transfers that staff undid. Only adds tables. */
export const migration0002: Migration = {
  id: '0002',
  name: 'holds',
  expand: async (kit) => {
    await createHolds(kit);
    await createReversals(kit);
  },
};

async function createHolds(kit: MigrationKit): Promise<void> {
  const { id, code, text, bigint, integer } = kit.types;
  await kit.createTable({
    name: 'holds',
    columns: {
      id: `${id} not null`,
      reference: `${code(32)} not null`,
      type: `${code(20)} not null`,
      account_id: `${id} not null`,
      amount: `${bigint} not null`,
      fee: `${bigint} not null`,
      held: `${bigint} not null`,
      status: `${code(16)} not null`,
      code_hmac: `${code(64)} not null`,
      tries: `${integer} not null`,
      expires_at_ms: `${bigint} not null`,
      transfer_id: `${id} null`,
      resolved_at_ms: `${bigint} not null`,
      created_at_ms: `${bigint} not null`,
      description: `${text(255)} null`,
      opened_seq: `${bigint} not null`,
    },
    primaryKey: ['id'],
    unique: [['reference'], ['transfer_id']],
    indexes: {
      holds_history: ['account_id', 'opened_seq desc', 'id desc'],
      holds_pending: ['account_id', 'status'],
      holds_expiry: ['status', 'expires_at_ms'],
    },
    checks: {
      type_known: "type in ('depot', 'retrait')",
      status_known: "status in ('reussi', 'en_attente', 'annule', 'echoue')",
      amount_positive: 'amount > 0',
      fee_positive: 'fee >= 0',
      held_whole: "held = case when type = 'retrait' then amount + fee else 0 end",
      posted_whole:
        "(status = 'reussi' and transfer_id is not null) or (status <> 'reussi' and transfer_id is null)",
      settled_then:
        "(status = 'en_attente' and resolved_at_ms = 0) or (status <> 'en_attente' and resolved_at_ms > 0)",
    },
  });
  await kit.makeSettledOnce('holds', { column: 'status', open: 'en_attente' });
}

async function createReversals(kit: MigrationKit): Promise<void> {
  const { id, text, bigint } = kit.types;
  await kit.createTable({
    name: 'reversals',
    columns: {
      transfer_id: `${id} not null`,
      reverses_id: `${id} not null`,
      reason: `${text(500)} not null`,
      reversed_by: `${text(200)} not null`,
      created_at_ms: `${bigint} not null`,
    },
    primaryKey: ['transfer_id'],
    unique: [['reverses_id']],
    checks: { two_transfers: 'transfer_id <> reverses_id' },
  });
  await kit.makeAppendOnly('reversals');
}
