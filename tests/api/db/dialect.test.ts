import { sql } from 'kysely';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Database, openDatabase } from '../../../src/api/db/open.ts';
import type { AttemptCounterRow } from '../../../src/api/db/schema.ts';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import { MIGRATIONS } from '../../../src/api/migrations/index.ts';
import { migrateUp } from '../../../src/api/migrations/runner.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { describeOn, MARIADB, MYSQL, POSTGRESQL, SERVER_KINDS } from '../../fixtures/databases.ts';
import { migratedDatabase } from '../../fixtures/ledgers.ts';
import { makeAccounts } from '../../fixtures/people.ts';

describeOn(SERVER_KINDS, 'the dialect', (server) => {
  let settings: DatabaseSettings;

  beforeAll(async () => {
    settings = await migratedDatabase(server());
  });

  const open = (): Database => {
    const db = openDatabase(settings);
    onTestFinished(() => db.close());
    return db;
  };
  const counter = (key: string, count: number): AttemptCounterRow => ({
    counter_key: key,
    window_start_ms: Date.UTC(2026, 10, 22),
    count,
  });
  const readCounters = (db: Database, prefix: string) =>
    db.kysely
      .selectFrom('attempt_counters')
      .selectAll()
      .where('counter_key', 'like', `${prefix}%`)
      .orderBy('counter_key')
      .execute();

  it('inserts many rows in one statement, whatever the text holds', async () => {
    const db = open();
    const awkward = [`insert-'";\\ --`, 'insert-é😀', 'insert-tab\tline\n', 'insert-?$1'].map((key) =>
      counter(key, 1),
    );
    await db.dialect.insertRows(db.kysely, 'attempt_counters', awkward);
    const stored = await readCounters(db, 'insert-');
    expect(new Set(stored.map((row) => row.counter_key))).toEqual(
      new Set(awkward.map((row) => row.counter_key)),
    );
  });

  it('does nothing for no rows', async () => {
    const db = open();
    await db.dialect.insertRows(db.kysely, 'attempt_counters', []);
    await db.dialect.upsertRows(db.kysely, 'attempt_counters', [], { key: ['counter_key'], set: ['count'] });
    expect(await readCounters(db, 'nothing-')).toEqual([]);
  });

  it('tells whether a row was there, also within a transaction that goes on', async () => {
    const db = open();
    const seen = await db.transaction(async (trx) => [
      await db.dialect.insertIfAbsent(trx, 'attempt_counters', counter('absent-a', 1)),
      await db.dialect.insertIfAbsent(trx, 'attempt_counters', counter('absent-a', 2)),
      await db.dialect.insertIfAbsent(trx, 'attempt_counters', counter('absent-b', 3)),
    ]);
    expect(seen).toEqual([true, false, true]);
    expect(await readCounters(db, 'absent-')).toEqual([counter('absent-a', 1), counter('absent-b', 3)]);
  });

  it('does not take a row that breaks a rule for one that was there', async () => {
    const db = open();
    const twice = { id: 2, chain_seq: 0, chain_hash: '' };
    await expect(db.dialect.insertIfAbsent(db.kysely, 'ledger_head', twice)).rejects.toThrow(/single/);
  });

  it('replaces the columns asked for and leaves the others', async () => {
    const db = open();
    const columns = { key: ['counter_key'], set: ['count'] } as const;
    await db.dialect.insertRows(db.kysely, 'attempt_counters', [counter('upsert-a', 1)]);
    const later = [counter('upsert-a', 5), counter('upsert-b', 6)].map((row) => ({
      ...row,
      window_start_ms: 9,
    }));
    await db.dialect.upsertRows(db.kysely, 'attempt_counters', later, columns);
    expect(await readCounters(db, 'upsert-')).toEqual([
      counter('upsert-a', 5),
      { ...counter('upsert-b', 6), window_start_ms: 9 },
    ]);
  });

  it('sets a number of many rows, and of no other', async () => {
    const db = open();
    const [first, second, third] = (await makeAccounts(db, [{}, {}, {}])).map(({ id }) => id);
    if (first === undefined || second === undefined) throw new Error('three accounts were made');
    const target = { table: 'accounts', key: 'id', set: 'balance' } as const;
    await db.dialect.updateNumbers(
      db.kysely,
      target,
      new Map([
        [first, 11],
        [second, 22],
      ]),
    );
    const rows = await db.kysely
      .selectFrom('accounts')
      .select(['id', 'balance'])
      .where('user_id', 'is not', null)
      .execute();
    expect(new Map(rows.map(({ id, balance }) => [id, balance]))).toEqual(
      new Map([
        [first, 11],
        [second, 22],
        [third, 0],
      ]),
    );
  });

  it('finds the rows that equal one of many', async () => {
    const db = open();
    const key = { fingerprint: '', status_code: 200, body: '', transfer_id: null, created_at_ms: 0 };
    const pairs = [
      ['u1', 'k1'],
      ['u1', 'k2'],
      ['u2', 'k1'],
      ['u2', 'k2'],
    ];
    const rows = pairs.map(([owner_id = '', idempotency_key = '']) => ({
      owner_id,
      idempotency_key,
      ...key,
    }));
    await db.dialect.insertRows(db.kysely, 'idempotency_keys', rows);
    const wanted = [
      { owner_id: 'u1', idempotency_key: 'k2' },
      { owner_id: 'u2', idempotency_key: 'k1' },
    ];
    const found = await db.kysely
      .selectFrom('idempotency_keys')
      .select(['owner_id', 'idempotency_key'])
      .where(db.dialect.matchesOne('idempotency_keys', ['owner_id', 'idempotency_key'], wanted))
      .orderBy('owner_id')
      .execute();
    expect(found).toEqual(wanted);
  });

  it('sums to a Number, and no rows to zero', async () => {
    const db = open();
    const sum = (prefix: string) =>
      db.kysely
        .selectFrom('attempt_counters')
        .select(({ ref }) => db.dialect.sum(ref('window_start_ms')).as('total'))
        .where('counter_key', 'like', `${prefix}%`)
        .executeTakeFirst();
    await db.dialect.insertRows(db.kysely, 'attempt_counters', [counter('sum-a', 1), counter('sum-b', 1)]);
    expect(await sum('sum-')).toEqual({ total: 2 * Date.UTC(2026, 10, 22) });
    expect(await sum('nobody-')).toEqual({ total: 0 });
  });

  it('tells a duplicate key from other errors', async () => {
    const db = open();
    const row = counter('duplicate-a', 1);
    await db.dialect.insertRows(db.kysely, 'attempt_counters', [row]);
    const duplicate = await failure(db.dialect.insertRows(db.kysely, 'attempt_counters', [row]));
    const wrong = await failure(sql`select nothing_of_that_name`.execute(db.kysely));
    expect([duplicate, wrong].map((error) => db.dialect.isDuplicateKey(error))).toEqual([true, false]);
    expect([duplicate, wrong].map((error) => db.dialect.isRetryable(error))).toEqual([false, false]);
  });

  it('knows its tables and indexes', async () => {
    const { dialect, kysely } = open();
    expect(await dialect.hasTable(kysely, 'entries')).toBe(true);
    expect(await dialect.hasIndex(kysely, 'entries', 'entries_history')).toBe(true);
    expect(await dialect.hasIndex(kysely, 'entries', 'transfers_history')).toBe(false);
    await sql`drop table attempt_counters`.execute(kysely);
    onTestFinished(() => migrateAgain(settings));
    expect(await dialect.hasTable(kysely, 'attempt_counters')).toBe(false);
  });
});

describeOn([MARIADB, MYSQL, POSTGRESQL], 'the dialect where transactions meet', (server) => {
  it('runs both of two transactions that met in a deadlock', async () => {
    const db = openDatabase(await migratedDatabase(server()));
    onTestFinished(() => db.close());
    const heads = await makeAccounts(db, [{}, {}]);
    let runs = 0;
    const both = Promise.withResolvers<void>();
    const cross = (order: readonly string[]) =>
      db.transaction(async (trx) => {
        for (const id of order) {
          await trx
            .updateTable('accounts')
            .set({ held: 0 })
            .set(({ eb }) => ({ balance: eb('balance', '+', 1) }))
            .where('id', '=', id)
            .execute();
          runs += 1;
          if (runs === 2) both.resolve();
          await both.promise;
        }
      });
    const ids = heads.map(({ id }) => id);
    await Promise.all([cross(ids), cross(ids.toReversed())]);
    const rows = await db.kysely.selectFrom('accounts').select('balance').where('id', 'in', ids).execute();
    expect(rows).toEqual([{ balance: 2 }, { balance: 2 }]);
    expect(runs).toBeGreaterThan(4);
  });
});

async function migrateAgain(settings: DatabaseSettings): Promise<void> {
  const db = openDatabase(settings);
  await db.kysely.deleteFrom('ompay_migrations').execute();
  await migrateUp(db, MIGRATIONS, systemClock);
  await db.close();
}

function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}
