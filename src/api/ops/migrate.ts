import { OmpayError } from '../../core/errors.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { contract, migrateUp, migrationStatus } from '../migrations/runner.ts';
import type { OpsAnswer, OpsTools } from './tools.ts';

/** With what judging the missing ones needs: the kind of database, and how large its tables are. */
export async function status({ database }: OpsTools): Promise<OpsAnswer> {
  const { dialect, kysely } = database;
  const { applied, pending, contractable } = await migrationStatus(database, MIGRATIONS);
  const rows = await dialect.estimateRows(kysely);
  return {
    said: { applied, pending, contractable, family: dialect.family, rows: Object.fromEntries(rows) },
  };
}

export async function up({ database, clock }: OpsTools): Promise<OpsAnswer> {
  return { said: { applied: await migrateUp(database, MIGRATIONS, clock) } };
}

/** `contract 0002 RELEASE=0004 …`: the migration, and each release that is kept anywhere with the newest that it knows. */
export async function contractOne({ database, clock, words }: OpsTools): Promise<OpsAnswer> {
  const [id = '', ...kept] = words;
  await contract(database, MIGRATIONS, { id, releasesKept: kept.map(keptRelease), clock });
  return { said: { contracted: id } };
}

function keptRelease(word: string): { readonly id: string; readonly newestMigration: string } {
  const [, id, newestMigration] = /^([0-9a-f]{12})=(\d{4})$/.exec(word) ?? [];
  if (id !== undefined && newestMigration !== undefined) return { id, newestMigration };
  throw new OmpayError('usage', `${JSON.stringify(word)} names no release and its newest migration`, {
    hint: 'ops.mjs migrate contract 0002 0123456789ab=0004',
  });
}
