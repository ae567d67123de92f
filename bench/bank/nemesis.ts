import { type Kysely, sql } from 'kysely';
import type { Database } from '../../src/api/db/open.ts';
import type { Schema } from '../../src/api/db/schema.ts';
import type { ConnectionKind } from '../../src/api/db/settings.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { ApiProcess } from '../../tests/fixtures/api-process.ts';
import type { DatabaseServer } from '../../tests/fixtures/databases.ts';
import type { RedisServer } from '../../tests/fixtures/redis.ts';
import type { Draw } from './draw.ts';
import { COMMIT, type StepProxy } from './step-proxy.ts';

export type FaultKind =
  | 'kill api'
  | 'pause api'
  | 'kill database'
  | 'pause database'
  /** A transaction that takes the ledger's locks in the other order, for longer than a statement may last. */
  | 'cross locks'
  /** KILL or pg_terminate_backend of every connection. */
  | 'cut connections'
  /** The connection of the first process is lost in its next COMMIT, before or after the database has it. */
  | 'lose commit'
  | 'kill redis'
  | 'pause redis';

export interface Fault {
  readonly kind: FaultKind;
  readonly process: 0 | 1;
  readonly when: 'before' | 'after';
  /** After the clients began. */
  readonly atMs: number;
  readonly durationMs: number;
  /** Of the accounts whose locks are taken. */
  readonly victims: readonly string[];
}

export interface Targets {
  readonly connection: ConnectionKind;
  readonly server: DatabaseServer;
  readonly database: Database;
  readonly processes: readonly [ApiProcess, ApiProcess];
  readonly proxy: StepProxy;
  readonly redis: RedisServer | undefined;
}

const WEIGHTS: readonly (readonly [FaultKind, number])[] = [
  ['kill api', 4],
  ['pause api', 3],
  ['kill database', 3],
  ['pause database', 2],
  ['cross locks', 4],
  ['cut connections', 3],
  ['lose commit', 4],
  ['kill redis', 2],
  ['pause redis', 2],
];
/** PGlite has one backend for all connections: none of them can be ended by another. */
const CANNOT: Partial<Record<ConnectionKind, readonly FaultKind[]>> = { pglite: ['cut connections'] };

/** Two to four faults of a run, in the time that its clients take. */
export function drawFaults(
  draw: Draw,
  { connection, redis }: Pick<Targets, 'connection' | 'redis'>,
  accountIds: readonly string[],
): readonly Fault[] {
  const possible = WEIGHTS.filter(
    ([kind]) =>
      CANNOT[connection]?.includes(kind) !== true && (redis !== undefined || !kind.endsWith('redis')),
  );
  const faults = Array.from(
    { length: draw.whole(2, 4) },
    (): Fault => ({
      kind: draw.weighted(possible),
      process: draw.chance(0.5) ? 0 : 1,
      when: draw.chance(0.5) ? 'before' : 'after',
      atMs: draw.whole(20, 700),
      durationMs: draw.chance(0.3) ? draw.whole(900, 1_500) : draw.whole(20, 400),
      victims: Array.from({ length: 4 }, () => draw.one(accountIds)),
    }),
  );
  return faults.toSorted((left, right) => left.atMs - right.atMs);
}

/**
 * Brings the faults about, each at its time, and mends what it broke: a process that was killed is started again at once.
 * Faults of one target follow each other; those of several overlap.
 */
export async function strike(targets: Targets, faults: readonly Fault[]): Promise<void> {
  const startedMs = systemClock.monotonicMs();
  const lanes = Map.groupBy(
    faults,
    ({ kind, process }) => `${LANES[kind]} ${kind.endsWith('api') ? process : ''}`,
  );
  const runLane = async (lane: readonly Fault[]): Promise<void> => {
    for (const fault of lane) {
      await systemClock.sleep(Math.max(0, startedMs + fault.atMs - systemClock.monotonicMs()));
      await STRIKES[fault.kind](targets, fault);
    }
  };
  await Promise.all([...lanes.values()].map(runLane));
}

/** What strikes the same target, one after the other. */
const LANES: Readonly<Record<FaultKind, string>> = {
  'kill api': 'api',
  'pause api': 'api',
  'kill database': 'database',
  'pause database': 'database',
  'cross locks': 'locks',
  'cut connections': 'locks',
  'lose commit': 'locks',
  'kill redis': 'redis',
  'pause redis': 'redis',
};

type Strike = (targets: Targets, fault: Fault) => Promise<void>;

const STRIKES: Readonly<Record<FaultKind, Strike>> = {
  'kill api': async ({ processes }, { process }) => {
    await processes[process].kill();
    await processes[process].start();
  },
  'pause api': async ({ processes }, { process, durationMs }) => {
    processes[process].pause();
    await systemClock.sleep(durationMs);
    processes[process].resume();
  },
  'kill database': async ({ server }, { durationMs }) => {
    await server.kill();
    await systemClock.sleep(durationMs / 4);
    await server.restart();
  },
  'pause database': async ({ server }, { durationMs }) => {
    server.pause();
    await systemClock.sleep(durationMs);
    server.resume();
  },
  'cross locks': async ({ database }, { victims, durationMs }) => {
    // It may be the one that a deadlock ends, and a server may die under it.
    await crossLocks(database, victims, durationMs).catch(() => {});
  },
  'cut connections': async ({ database, connection }) => {
    await cutConnections(database, connection).catch(() => {});
  },
  'kill redis': async ({ redis }, { durationMs }) => {
    await redis?.kill();
    await systemClock.sleep(durationMs);
    await redis?.restart();
  },
  'pause redis': async ({ redis }, { durationMs }) => {
    redis?.pause();
    await systemClock.sleep(durationMs);
    redis?.resume();
  },
  'lose commit': async ({ proxy }, { when }) => {
    proxy.prepare({ step: COMMIT, when, connection: 'cut', act: () => {} });
  },
};

/** Accounts from the last id to the first, and the head of the ledger at the end: the ledger goes the other way. */
function crossLocks(database: Database, victims: readonly string[], durationMs: number): Promise<void> {
  return database.kysely.connection().execute(async (db) => {
    await sql.raw('begin').execute(db);
    try {
      for (const id of [...new Set(victims)].toSorted().toReversed()) {
        await sql`select id from accounts where id = ${id} for update`.execute(db);
        await systemClock.sleep(durationMs / 8);
      }
      await sql`select id from ledger_head where id = 1 for update`.execute(db);
      await systemClock.sleep(durationMs / 2);
    } finally {
      await sql.raw('rollback').execute(db);
    }
  });
}

function cutConnections(database: Database, connection: ConnectionKind): Promise<void> {
  return database.kysely.connection().execute(connection === 'pgsql' ? cutPostgresql : cutMysql);
}

async function cutPostgresql(db: Kysely<Schema>): Promise<void> {
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where pid <> pg_backend_pid() and backend_type = 'client backend'`.execute(db);
}

async function cutMysql(db: Kysely<Schema>): Promise<void> {
  const { rows } = await sql<{ id: number }>`select id from information_schema.processlist
    where id <> connection_id() and command in ('Query', 'Sleep')`.execute(db);
  for (const { id } of rows)
    await sql
      .raw(`kill ${Number(id)}`)
      .execute(db)
      .catch(() => {});
}
