import type { MigrationKit } from './kit.ts';

/** Users, what they sign in with, and the messages to them. */
export async function createPeople(kit: MigrationKit): Promise<void> {
  await createUsers(kit);
  await createSessions(kit);
  await createOtps(kit);
  await createOutbox(kit);
}

async function createUsers(kit: MigrationKit): Promise<void> {
  const { id, code, text, bigint } = kit.types;
  await kit.createTable({
    name: 'users',
    columns: {
      id: `${id} not null`,
      nom: `${text(100)} not null`,
      prenom: `${text(100)} not null`,
      telephone: `${code(16)} not null`,
      password_hash: `${code(255)} not null`,
      cni: `${code(16)} null`,
      sexe: `${code(8)} null`,
      date_naissance: `${code(10)} null`,
      status: `${code(24)} not null`,
      kyc_level: `${code(16)} not null`,
      created_at_ms: `${bigint} not null`,
    },
    primaryKey: ['id'],
    unique: [['telephone'], ['cni']],
    checks: {
      status_known: "status in ('pending_verification', 'active', 'suspended')",
      kyc_level_known: "kyc_level in ('unidentified', 'identified', 'probe', 'staff')",
    },
  });
}

async function createSessions(kit: MigrationKit): Promise<void> {
  const { id, code, bigint } = kit.types;
  await kit.createTable({
    name: 'sessions',
    columns: {
      token_hash: `${code(64)} not null`,
      user_id: `${id} not null`,
      kind: `${code(8)} not null`,
      created_at_ms: `${bigint} not null`,
      expires_at_ms: `${bigint} not null`,
      revoked_at_ms: `${bigint} not null`,
    },
    primaryKey: ['token_hash'],
    indexes: { sessions_user: ['user_id'], sessions_expiry: ['expires_at_ms'] },
    checks: { kind_known: "kind in ('access', 'refresh')" },
    references: { user_id: { table: 'users', column: 'id' } },
  });
}

async function createOtps(kit: MigrationKit): Promise<void> {
  const { id, code, text, bigint, integer } = kit.types;
  await kit.createTable({
    name: 'otps',
    columns: {
      user_id: `${id} not null`,
      code_hmac: `${code(64)} not null`,
      expires_at_ms: `${bigint} not null`,
      tries: `${integer} not null`,
    },
    primaryKey: ['user_id'],
    references: { user_id: { table: 'users', column: 'id' } },
  });
  await kit.createTable({
    name: 'attempt_counters',
    columns: {
      counter_key: `${text(128)} not null`,
      window_start_ms: `${bigint} not null`,
      count: `${integer} not null`,
    },
    primaryKey: ['counter_key'],
    indexes: { attempt_counters_window: ['window_start_ms'] },
  });
}

async function createOutbox(kit: MigrationKit): Promise<void> {
  const { id, code, text, longText, bigint, integer } = kit.types;
  await kit.createTable({
    name: 'outbox',
    columns: {
      id: `${id} not null`,
      channel: `${code(8)} not null`,
      recipient: `${text(254)} not null`,
      body_encrypted: `${longText} not null`,
      created_at_ms: `${bigint} not null`,
      available_at_ms: `${bigint} not null`,
      attempts: `${integer} not null`,
      delivered_at_ms: `${bigint} not null`,
    },
    primaryKey: ['id'],
    indexes: { outbox_waiting: ['delivered_at_ms', 'available_at_ms'] },
    checks: { channel_known: "channel in ('sms', 'mail')" },
  });
}
