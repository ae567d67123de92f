import { sql } from 'kysely';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ConnectionLostError } from '../../../src/api/db/errors.ts';
import { type Database, openDatabase } from '../../../src/api/db/open.ts';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import { Secret } from '../../../src/core/secret.ts';
import { describeOn, SERVER_KINDS } from '../../fixtures/databases.ts';
import { startProxy } from '../../fixtures/proxy.ts';

describeOn(SERVER_KINDS, 'connections', (server, kind) => {
  let settings: DatabaseSettings;

  beforeAll(async () => {
    settings = await server().emptyDatabase();
  });

  const open = (change: Partial<DatabaseSettings> = {}): Database => opened({ ...settings, ...change });
  // PGlite goes on with what was given up, and nobody is served until it is done.
  const slowS = kind.name === 'PGlite' ? 5 : 30;
  // MySQL's own limit ends sleep() without an error; work it ends with one.
  const slow =
    kind.name === 'MySQL'
      ? sql`benchmark(1000000000, md5('slow'))`
      : kind.family === 'mysql'
        ? sql`sleep(${slowS})`
        : sql`pg_sleep(${slowS})`;

  it('waits with a read for a server that is starting again', async () => {
    const db = open({ connectWaitMs: 30_000 });
    await db.ping(5_000);
    await server().kill();
    const [answer] = await Promise.all([readOne(db), server().restart()]);
    expect(answer).toEqual([{ read_mark: 1 }]);
  });

  it('sends a read again when its connection dies under it, but no more than once', async () => {
    const proxy = await startProxy(settings, { tcp: false });
    onTestFinished(() => proxy.stop());
    const db = opened({ ...proxy.settings, poolSize: 1 });
    await db.ping(5_000);
    proxy.lose({ statement: 'read_mark', when: 'after', times: 1 });
    expect(await readOne(db)).toEqual([{ read_mark: 1 }]);
    proxy.lose({ statement: 'read_mark', when: 'after', times: 2 });
    await expect(readOne(db)).rejects.toBeInstanceOf(ConnectionLostError);
  });

  it('gives up on a server that stays away, and says where it is', async () => {
    const db = open({ connectWaitMs: 200 });
    await server().kill();
    onTestFinished(() => server().restart());
    const failure = await sql`select 1`.execute(db.kysely).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'databaseUnavailable' });
    expect(String(failure)).toContain(settings.socketPath);
    await expect(db.ping(100)).rejects.toMatchObject({ code: 'databaseUnavailable' });
  });

  it('fails a statement that is no read when its connection dies under it, and serves the next', async () => {
    const proxy = await startProxy(settings, { tcp: false });
    onTestFinished(() => proxy.stop());
    const db = opened({ ...proxy.settings, poolSize: 1 });
    proxy.lose({ statement: 'into nowhere', when: 'after', times: 1 });
    await expect(sql`insert into nowhere values (1)`.execute(db.kysely)).rejects.toBeInstanceOf(
      ConnectionLostError,
    );
    await db.ping(5_000);
  });

  it('ends a statement at its limit and never lends its connection again', async () => {
    const db = open({ poolSize: 1, statementTimeoutMs: 250, connectWaitMs: 10_000 });
    const started = performance.now();
    await expect(db.kysely.selectNoFrom(slow.as('done')).execute()).rejects.toThrow();
    expect(performance.now() - started).toBeLessThan(slowS * 900);
    expect((await sql`select 1 as one`.execute(db.kysely)).rows).toEqual([{ one: 1 }]);
  });

  it('does not wait for ever for an answer, nor use that connection again', async () => {
    const proxy = await startProxy(settings, { tcp: false });
    onTestFinished(() => proxy.stop());
    const db = opened({ ...proxy.settings, poolSize: 1, statementTimeoutMs: 250 });
    proxy.lose({ statement: 'into nowhere', when: 'silent', times: 1 });
    await expect(sql`insert into nowhere values (1)`.execute(db.kysely)).rejects.toBeInstanceOf(
      ConnectionLostError,
    );
    expect((await sql`select 1 as one`.execute(db.kysely)).rows).toEqual([{ one: 1 }]);
  });

  it('says so at once to the later statements of a dead connection', async () => {
    const proxy = await startProxy(settings, { tcp: false });
    onTestFinished(() => proxy.stop());
    const db = opened({ ...proxy.settings, connectWaitMs: 200 });
    await db.kysely.connection().execute(async (connection) => {
      await sql`select 1`.execute(connection);
      await proxy.stop();
      await expect(sql`select 1`.execute(connection)).rejects.toBeInstanceOf(ConnectionLostError);
      await expect(sql`select 1`.execute(connection)).rejects.toBeInstanceOf(ConnectionLostError);
    });
  });

  it('reads nothing more by a connection that could not be replaced', async () => {
    const proxy = await startProxy(settings, { tcp: false });
    const db = opened({ ...proxy.settings, connectWaitMs: 200 });
    await db.kysely.connection().execute(async (connection) => {
      await readOne({ kysely: connection });
      await proxy.stop();
      await expect(readOne({ kysely: connection })).rejects.toMatchObject({ code: 'databaseUnavailable' });
      await expect(readOne({ kysely: connection })).rejects.toMatchObject({ code: 'databaseUnavailable' });
    });
  });

  it('gives back a connection that comes after its caller gave up', async () => {
    const db = open({ poolSize: 1, connectWaitMs: 150 });
    await db.kysely.connection().execute(async () => {
      await expect(sql`select 1`.execute(db.kysely)).rejects.toMatchObject({ code: 'databaseUnavailable' });
    });
    for (let turn = 0; turn < 5; turn += 1) await sql`select 1`.execute(db.kysely);
  });

  it('survives the death of idle connections', async () => {
    const db = open({ connectWaitMs: 30_000 });
    await Promise.all([db.ping(5_000), db.ping(5_000), db.ping(5_000)]);
    await server().kill();
    await server().restart();
    await Promise.all([db.ping(5_000), db.ping(5_000), db.ping(5_000)]);
  });

  it('connects by host and port', async () => {
    const proxy = await startProxy(settings, { tcp: true });
    onTestFinished(() => proxy.stop());
    await opened(proxy.settings).ping(5_000);
  });

  it('looks where such servers usually are when no place is given', async () => {
    const db = open({ socketPath: undefined, connectWaitMs: 50, username: 'nobody-of-that-name' });
    await expect(db.ping(5_000)).rejects.toMatchObject({ code: 'databaseUnavailable' });
  });

  it('lists its tables for those who look through Kysely', async () => {
    const { kysely } = open();
    await sql`create table listed (id integer primary key)`.execute(kysely);
    const tables = await kysely.introspection.getTables();
    expect(tables.map(({ name }) => name)).toContain('listed');
  });

  it('reads BIGINT as Numbers, and refuses what a Number would round', async () => {
    const { kysely } = open();
    await sql`create table numbers (id integer primary key, big bigint)`.execute(kysely);
    const big = sql.raw('9007199254740991');
    await sql`insert into numbers values (1, ${big}), (2, ${big} + 2), (3, null)`.execute(kysely);
    const read = (id: number) =>
      sql<{ big: number }>`select big from numbers where id = ${id}`.execute(kysely);
    expect((await read(1)).rows).toEqual([{ big: Number.MAX_SAFE_INTEGER }]);
    await expect(read(2)).rejects.toThrow(RangeError);
    expect((await read(3)).rows).toEqual([{ big: null }]);
  });

  it('counts the rows that a statement changed', async () => {
    const { kysely } = open();
    await sql`create table counted (id integer primary key)`.execute(kysely);
    const inserted = await sql`insert into counted values (1), (2)`.execute(kysely);
    expect(inserted.numAffectedRows).toBe(2n);
  });

  it('refuses to stream rows', async () => {
    const stream = open().kysely.selectFrom('users').selectAll().stream();
    await expect(stream.next()).rejects.toThrow('read by pages');
  });

  it('never tells the password', async () => {
    const db = open({
      password: new Secret('unmistakable'),
      username: 'nobody-of-that-name',
      connectWaitMs: 100,
    });
    const failure = await db.ping(5_000).catch((error: unknown) => error);
    expect(JSON.stringify(failure) + String(failure)).not.toContain('unmistakable');
  });

  it('closes while a connection is still being refused', async () => {
    const db = openDatabase({
      ...settings,
      password: new Secret('wrong'),
      username: 'nobody-of-that-name',
      connectWaitMs: 1,
    });
    await expect(db.ping(1)).rejects.toMatchObject({ code: 'databaseUnavailable' });
    await expect(db.close()).resolves.toBeUndefined();
  });
});

describeOn(
  SERVER_KINDS.filter(({ family }) => family === 'mysql'),
  'a session',
  (server, { name }) => {
    const level = sql.raw(name === 'MySQL' ? '@@transaction_isolation' : '@@tx_isolation');
    it('reads what is committed, in UTC, with strict values', async () => {
      const { kysely } = opened(await server().emptyDatabase());
      const { rows } = await sql`select ${level} as level, @@time_zone as zone, @@sql_mode as mode`.execute(
        kysely,
      );
      expect(rows).toMatchObject([{ level: 'READ-COMMITTED', zone: '+00:00' }]);
      expect(rows).toMatchObject([{ mode: expect.stringContaining('STRICT_ALL_TABLES') }]);
    });

    it('is not lent when it could not be set up', async () => {
      const proxy = await startProxy(await server().emptyDatabase(), { tcp: false });
      onTestFinished(() => proxy.stop());
      const db = opened(proxy.settings);
      proxy.lose({ statement: 'sql_mode', when: 'before', times: 1 });
      const { rows } = await sql`select ${level} as level, @@time_zone as zone`.execute(db.kysely);
      expect(rows).toEqual([{ level: 'READ-COMMITTED', zone: '+00:00' }]);
    });

    it('is lost when an administrator kills it', async () => {
      const settings = await server().emptyDatabase();
      const [db, administrator] = [opened({ ...settings, poolSize: 1 }), opened(settings)];
      const { rows } = await sql<{ id: number }>`select connection_id() as id`.execute(db.kysely);
      const running = sql`select sleep(5)`.execute(db.kysely).catch((error: unknown) => error);
      const sleeping = sql`select 1 from information_schema.processlist where info like 'select sleep%'`;
      await expect.poll(async () => (await sleeping.execute(administrator.kysely)).rows).toHaveLength(1);
      await sql`kill connection ${sql.lit(rows[0]?.id)}`.execute(administrator.kysely);
      expect(await running).toBeInstanceOf(ConnectionLostError);
      await db.ping(5_000);
    });
  },
);

describe('a server of PostgreSQL', () => {
  describeOn(
    SERVER_KINDS.filter(({ family }) => family === 'postgresql'),
    'with limits of its own',
    (server) => {
      it('is given them by each session', async () => {
        const settings = await server().emptyDatabase();
        await opened({ ...settings, connection: 'pgsql' }).ping(5_000);
      });

      it('does not pass for committed what it rolled back', async () => {
        const db = opened(await server().emptyDatabase());
        const work = db.transaction(async (trx) => {
          await sql`select wrong`.execute(trx).catch(() => {});
        });
        await expect(work).rejects.toThrow('answered by ROLLBACK');
      });
    },
  );
});

function readOne({ kysely }: Pick<Database, 'kysely'>): Promise<readonly object[]> {
  return kysely.selectNoFrom(sql<number>`1`.as('read_mark')).execute();
}

function opened(settings: DatabaseSettings): Database {
  const db = openDatabase(settings);
  onTestFinished(() => db.close());
  return db;
}
