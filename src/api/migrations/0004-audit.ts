import { GENESIS_HASH } from '../ledger/house.ts';
import { LEGAL_FIGURES } from './0004-legal-figures.ts';
import type { Migration, MigrationKit } from './kit.ts';

/** The audit trail, what the chain covers of descriptions, which key a PIN is under, and the sources of legal figures. */
export const migration0004: Migration = {
  id: '0004',
  name: 'audit',
  expand: async (kit) => {
    await createAudit(kit);
    await createDescriptionSeals(kit);
    await createLegalFigures(kit);
    // Null for what the release before writes: under a key that is not told.
    await kit.addColumn('pins', 'key_id', `${kit.types.code(16)} null`);
  },
};

/** No foreign keys: the trail outlives what it tells of. */
async function createAudit(kit: MigrationKit): Promise<void> {
  const { id, code, text, bigint, integer } = kit.types;
  await kit.createTable({
    name: 'audit_events',
    columns: {
      seq: `${bigint} not null`,
      at_ms: `${bigint} not null`,
      action: `${code(40)} not null`,
      actor_id: `${id} null`,
      staff: `${text(200)} null`,
      subject_id: `${id} null`,
      detail: `${text(1_000)} not null`,
      chain_hash: `${code(64)} not null`,
    },
    primaryKey: ['seq'],
    indexes: { audit_events_subject: ['subject_id', 'seq'], audit_events_actor: ['actor_id', 'seq'] },
  });
  await kit.makeAppendOnly('audit_events');
  await kit.createTable({
    name: 'audit_head',
    columns: {
      id: `${integer} not null`,
      seq: `${bigint} not null`,
      chain_hash: `${code(64)} not null`,
    },
    primaryKey: ['id'],
    checks: { single: 'id = 1' },
  });
  await kit.insertIfAbsent('audit_head', [{ id: 1, seq: 0, chain_hash: GENESIS_HASH }]);
}

/** A table of its own: transfers stay as the release before writes them, and most have no description. */
async function createDescriptionSeals(kit: MigrationKit): Promise<void> {
  const { code, bigint } = kit.types;
  await kit.createTable({
    name: 'description_seals',
    columns: {
      chain_seq: `${bigint} not null`,
      salt: `${code(32)} null`,
      digest: `${code(64)} not null`,
    },
    primaryKey: ['chain_seq'],
  });
}

async function createLegalFigures(kit: MigrationKit): Promise<void> {
  const { code, text, bigint } = kit.types;
  await kit.createTable({
    name: 'legal_figures',
    columns: {
      name: `${code(64)} not null`,
      value: `${bigint} null`,
      unit: `${code(16)} not null`,
      instrument: `${text(300)} not null`,
      article: `${text(100)} null`,
      effective_on: `${code(10)} not null`,
      sureness: `${code(8)} not null`,
      note: `${text(500)} not null`,
    },
    primaryKey: ['name'],
    checks: { sureness_known: "sureness in ('high', 'medium', 'low')" },
  });
  await kit.insertIfAbsent('legal_figures', LEGAL_FIGURES);
}
