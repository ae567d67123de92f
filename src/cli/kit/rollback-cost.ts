import type { KeyObject } from 'node:crypto';
import { MIGRATIONS } from '../../api/migrations/index.ts';
import { migrationStatus } from '../../api/migrations/runner.ts';
import { listBackups } from '../../backup/list.ts';
import type { Backup } from '../../backup/types.ts';
import { isoTime } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Layout } from '../../core/layout.ts';
import { shownAge } from '../../core/units.ts';
import type { Release } from '../../deploy/types.ts';
import { journalFiles } from '../../plan/journal.ts';
import { journalPublicKey } from '../../plan/journal-key.ts';
import type { Invocation } from '../command.ts';
import { type ApiKit, withApi } from './api.ts';
import { localRepository } from './backup.ts';

const LOOK_MS = 2000;

/** Migrations that stay when a release is put back which does not know them. */
export interface StandingMigrations {
  readonly ids: readonly string[];
  /** When the first of them was applied; epoch milliseconds. */
  readonly sinceMs: number;
  /** The newest backup from before; null when none is kept. */
  readonly backup: { readonly id: string; readonly atMs: number } | null;
  /** Transfers posted since that backup, or since the migration without one: what restoring would lose. */
  readonly transfers: number;
}

/** Undefined when none stands between. Nothing is changed. */
async function standingMigrations(
  { clock, layout }: Invocation,
  target: Pick<Release, 'newestMigration'>,
): Promise<StandingMigrations | undefined> {
  const look = async ({ database }: Pick<ApiKit, 'database'>): Promise<StandingMigrations | undefined> => {
    const { applied } = await migrationStatus(database, MIGRATIONS);
    const standing = applied.filter(({ id, phase }) => phase === 'expand' && id > target.newestMigration);
    const [first] = standing;
    if (first === undefined) return undefined;
    const sinceMs = Math.min(...standing.map(({ applied_at_ms }) => Number(applied_at_ms)));
    const key = journalPublicKey(journalFiles(layout));
    const backups = key === undefined ? [] : await backupsHere(layout, key);
    const before = backups.find(({ startedAt }) => Date.parse(startedAt) <= sinceMs);
    const backup = before === undefined ? null : { id: before.id, atMs: Date.parse(before.startedAt) };
    const { transfers } = await database.kysely
      .selectFrom('transfers')
      .select(({ fn }) => fn.countAll().as('transfers'))
      .where('created_at_ms', '>=', backup?.atMs ?? sinceMs)
      .executeTakeFirstOrThrow();
    return { ids: standing.map(({ id }) => id), sinceMs, backup, transfers: Number(transfers) };
  };
  return withApi(layout, clock, look, { statementTimeoutMs: LOOK_MS });
}

/** Of this disk alone: a store that is away would hold up whoever goes back. */
async function backupsHere(layout: Layout, key: KeyObject): Promise<readonly Backup[]> {
  const repository = localRepository(layout, key);
  return (await listBackups({ ...repository, stores: repository.stores.slice(0, 1) })).backups;
}

/**
 * What a rollback says of the data, empty when no migration stands between. That it cannot be known is said, and never keeps a
 * rollback from being done.
 */
export async function rollbackCost(
  invocation: Invocation,
  target: Pick<Release, 'newestMigration'>,
): Promise<string> {
  try {
    const standing = await standingMigrations(invocation, target);
    return standing === undefined ? '' : `; ${shownStanding(standing, invocation.clock.now())}`;
  } catch (error) {
    return `; whether migrations stand between is not known: ${messageOf(error)}`;
  }
}

/** Pure. */
export function shownStanding(
  { ids, sinceMs, backup, transfers }: StandingMigrations,
  nowMs: number,
): string {
  const stay = `the migrations ${ids.join(', ')} (since ${isoTime(sinceMs)}) stay, and no data is lost`;
  const restoring =
    backup === null
      ? `no backup from before them is kept; going back to one would lose ${transfers} transfers at least`
      : `restoring the data from before them (backup ${backup.id}, ${shownAge(nowMs - backup.atMs)}) would lose ${transfers} transfers posted since; to look at it: ompay restore ${backup.id} --into FOLDER`;
  return `${stay}; ${restoring}`;
}
