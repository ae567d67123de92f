import { type Kysely, sql } from 'kysely';
import type { Database } from '../../src/api/db/open.ts';
import type { Schema } from '../../src/api/db/schema.ts';
import type { ConnectionKind } from '../../src/api/db/settings.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Snapshot } from './history.ts';

const PAUSE_MS = 15;

export interface SnapshotReader {
  readonly database: Database;
  readonly connection: ConnectionKind;
  readonly accountIds: readonly string[];
}

/** Reads one snapshot after the other until it is stopped. Those that a dead server interrupts are left out. */
export async function readSnapshots(reader: SnapshotReader, stop: AbortSignal): Promise<readonly Snapshot[]> {
  const snapshots: Snapshot[] = [];
  while (!stop.aborted) {
    const snapshot = await readSnapshot(reader).catch(() => undefined);
    if (snapshot !== undefined) snapshots.push(snapshot);
    await systemClock.sleep(PAUSE_MS);
  }
  return snapshots;
}

/** All of one moment. Raw statements: a SELECT of the builder would be sent again on another connection when one dies. */
export async function readSnapshot({ database, connection, accountIds }: SnapshotReader): Promise<Snapshot> {
  return database.kysely.connection().execute(async (db) => {
    for (const statement of BEGIN[connection]) await sql.raw(statement).execute(db);
    try {
      const [sums] = await rowsOf(db, SUMS);
      const [torn] = await rowsOf(db, tornAmong(accountIds));
      return {
        totalXof: Number(sums?.total),
        circulatingXof: Number(sums?.circulating),
        leastXof: Number(sums?.least),
        torn: Number(torn?.torn),
      };
    } finally {
      await sql.raw('commit').execute(db);
    }
  });
}

const POSTGRESQL = ['begin isolation level repeatable read read only'];
const MYSQL = ['set transaction isolation level repeatable read', 'start transaction read only'];
const BEGIN = { pglite: POSTGRESQL, pgsql: POSTGRESQL, mysql: MYSQL, mariadb: MYSQL };

const SUMS = sql<Readonly<Record<string, unknown>>>`
  select sum(balance) as total, sum(case when kind = 'issuance' then 0 else balance end) as circulating,
  min(case when kind = 'issuance' then 0 else balance - held end) as least from accounts`;

function tornAmong(accountIds: readonly string[]) {
  return sql<Readonly<Record<string, unknown>>>`
    select count(*) as torn from accounts a where a.id in (${sql.join(accountIds)})
    and a.balance <> (select coalesce(sum(e.amount), 0) from entries e where e.account_id = a.id)`;
}

async function rowsOf(db: Kysely<Schema>, query: typeof SUMS) {
  return (await query.execute(db)).rows;
}
