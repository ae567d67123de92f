import type { Migration, MigrationKit } from './kit.ts';

/** PINs, merchants' QR codes, and what transfers use up. Adds tables alone: the release before reads none of them. */
export const migration0003: Migration = {
  id: '0003',
  name: 'pins-and-qr',
  expand: async (kit) => {
    await createPins(kit);
    await createQrCodes(kit);
  },
};

async function createPins(kit: MigrationKit): Promise<void> {
  const { id, code, bigint } = kit.types;
  await kit.createTable({
    name: 'pins',
    columns: {
      user_id: `${id} not null`,
      salt: `${code(32)} not null`,
      pin_hmac: `${code(64)} not null`,
      created_at_ms: `${bigint} not null`,
      changed_at_ms: `${bigint} not null`,
    },
    primaryKey: ['user_id'],
    references: { user_id: { table: 'users', column: 'id' } },
  });
}

/** `transfer_claims` has no foreign keys, as the ledger's other tables: its one writer holds the head locked. */
async function createQrCodes(kit: MigrationKit): Promise<void> {
  const { id, code, bigint } = kit.types;
  await kit.createTable({
    name: 'qr_codes',
    columns: {
      code: `${code(32)} not null`,
      account_id: `${id} not null`,
      amount: `${bigint} null`,
      expires_at_ms: `${bigint} not null`,
      created_at_ms: `${bigint} not null`,
    },
    primaryKey: ['code'],
    indexes: { qr_codes_expiry: ['expires_at_ms'] },
    checks: { amount_positive: 'amount > 0' },
    references: { account_id: { table: 'accounts', column: 'id' } },
  });
  await kit.createTable({
    name: 'transfer_claims',
    columns: {
      claim: `${code(64)} not null`,
      transfer_id: `${id} not null`,
      created_at_ms: `${bigint} not null`,
    },
    primaryKey: ['claim'],
    unique: [['transfer_id']],
  });
}
