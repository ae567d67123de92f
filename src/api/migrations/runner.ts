import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import type { ColumnTypes } from '../db/dialect.ts';
import type { Database } from '../db/open.ts';
import type { MigrationRow } from '../db/schema.ts';
import type { Migration, Table } from './kit.ts';
import { migrationKit } from './kit.ts';
import { withMigrationLock } from './lock.ts';

export interface MigrationStatus {
  /** In the order of their ids. */
  readonly applied: readonly MigrationRow[];
  /** Ids that this release knows and the database does not have; empty means that the release may start. */
  readonly pending: readonly string[];
  /** Ids that are expanded and could be contracted. */
  readonly contractable: readonly string[];
}

export interface ContractRequest {
  readonly id: string;
  /** Releases that could be rolled back to. */
  readonly releasesKept: readonly { readonly id: string; readonly newestMigration: string }[];
  readonly clock: Clock;
}

/** Reads only; an empty database has everything pending. */
export async function migrationStatus(db: Database, list: readonly Migration[]): Promise<MigrationStatus> {
  const applied = await appliedMigrations(db);
  const has = (id: string, phase: string): boolean =>
    applied.some((row) => row.id === id && row.phase === phase);
  return {
    applied,
    pending: list.filter(({ id }) => !has(id, 'expand')).map(({ id }) => id),
    contractable: list
      .filter(({ id, contract }) => contract !== undefined && has(id, 'expand') && !has(id, 'contract'))
      .map(({ id }) => id),
  };
}

/** Expands what is pending and gives its ids. Killed at any point, the next run goes on from there. */
export async function migrateUp(
  db: Database,
  list: readonly Migration[],
  clock: Clock,
): Promise<readonly string[]> {
  await createBookkeeping(db);
  return withMigrationLock(db, clock, async (assertHeld) => {
    const { pending } = await migrationStatus(db, list);
    const kit = migrationKit(db.kysely, db.dialect, assertHeld);
    for (const migration of list.filter(({ id }) => pending.includes(id))) {
      await migration.expand(kit);
      await record(db, {
        id: migration.id,
        name: migration.name,
        phase: 'expand',
        applied_at_ms: clock.now(),
      });
    }
    return pending;
  });
}

/**
 * Removes what only older releases need. Throws OmpayError `checkBlocked` while a kept release needs it, or before
 * the migration is expanded; `notFound` when there is nothing of that id to contract. Done already, it does nothing.
 */
export async function contract(
  db: Database,
  list: readonly Migration[],
  request: ContractRequest,
): Promise<void> {
  const migration = list.find(({ id }) => id === request.id);
  if (migration?.contract === undefined) throw nothingToContract(request.id);
  const { name, contract: remove } = migration;
  refuseWhileNeeded(request);
  await createBookkeeping(db);
  await withMigrationLock(db, request.clock, async (assertHeld) => {
    const { pending, contractable } = await migrationStatus(db, list);
    if (pending.includes(request.id)) throw notExpanded(request.id);
    if (!contractable.includes(request.id)) return;
    await remove(migrationKit(db.kysely, db.dialect, assertHeld));
    await record(db, { id: request.id, name, phase: 'contract', applied_at_ms: request.clock.now() });
  });
}

async function appliedMigrations(db: Database): Promise<readonly MigrationRow[]> {
  if (!(await db.dialect.hasTable(db.kysely, 'ompay_migrations'))) return [];
  return db.kysely
    .selectFrom('ompay_migrations')
    .selectAll()
    .orderBy('id')
    .orderBy('applied_at_ms')
    .execute();
}

async function record(db: Database, row: MigrationRow): Promise<void> {
  await db.dialect.insertIfAbsent(db.kysely, 'ompay_migrations', row);
}

async function createBookkeeping(db: Database): Promise<void> {
  const kit = migrationKit(db.kysely, db.dialect, () => {});
  for (const table of bookkeepingTables(kit.types)) {
    // PostgreSQL's `create table if not exists` fails when two run at once; the second try then finds the table.
    await kit.createTable(table).catch(() => kit.createTable(table));
  }
  await kit.insertIfAbsent('ompay_migration_lock', [{ id: 1, owner: '', expires_at_ms: 0 }]);
}

function bookkeepingTables({ code, text, bigint, integer }: ColumnTypes): readonly Table[] {
  return [
    {
      name: 'ompay_migrations',
      columns: {
        id: `${code(16)} not null`,
        name: `${text(100)} not null`,
        phase: `${code(8)} not null`,
        applied_at_ms: `${bigint} not null`,
      },
      primaryKey: ['id', 'phase'],
    },
    {
      name: 'ompay_migration_lock',
      columns: {
        id: `${integer} not null`,
        owner: `${text(100)} not null`,
        expires_at_ms: `${bigint} not null`,
      },
      primaryKey: ['id'],
    },
  ];
}

function refuseWhileNeeded({ id, releasesKept }: ContractRequest): void {
  const needing = releasesKept.filter((release) => release.newestMigration < id).map((release) => release.id);
  if (needing.length === 0) return;
  throw new OmpayError(
    'checkBlocked',
    `migration ${id} cannot be contracted: needed by ${needing.join(', ')}`,
    {
      hint: 'deploy until those releases are pruned, then run ompay migrate contract again',
    },
  );
}

function nothingToContract(id: string): OmpayError {
  return new OmpayError('notFound', `migration "${id}" has nothing to contract`, {
    hint: 'ompay migrate status',
  });
}

function notExpanded(id: string): OmpayError {
  return new OmpayError('checkBlocked', `migration ${id} is not applied yet`, { hint: 'ompay migrate up' });
}
