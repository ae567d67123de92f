import { sql } from 'kysely';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { CommitUnknownError, ConnectionLostError } from '../../../src/api/db/errors.ts';
import { type Database, openDatabase } from '../../../src/api/db/open.ts';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import { describeOn, MARIADB, MYSQL, PGLITE } from '../../fixtures/databases.ts';
import { type CuttingProxy, type Loss, startProxy } from '../../fixtures/proxy.ts';

describeOn([PGLITE, MARIADB, MYSQL], 'a transaction', (server) => {
  let settings: DatabaseSettings;

  beforeAll(async () => {
    settings = await server().emptyDatabase();
    const db = openDatabase(settings);
    await sql`create table marks (name varchar(40) primary key)`.execute(db.kysely);
    await db.close();
  });

  const openBehindProxy = async (): Promise<{ db: Database; proxy: CuttingProxy }> => {
    const proxy = await startProxy(settings, { tcp: false });
    const db = openDatabase({ ...proxy.settings, connectWaitMs: 500 });
    onTestFinished(async () => {
      await db.close();
      await proxy.stop();
    });
    return { db, proxy };
  };
  const mark = (db: Database, name: string, times: { runs: number } = { runs: 0 }) =>
    db.transaction(async (trx) => {
      times.runs += 1;
      await sql`insert into marks values (${name})`.execute(trx);
      return name;
    });
  const isMarked = async (db: Database, name: string): Promise<boolean> => {
    const { rows } = await sql`select 1 from marks where name = ${name}`.execute(db.kysely);
    return rows.length > 0;
  };

  it('is committed and gives its result', async () => {
    const { db } = await openBehindProxy();
    expect(await mark(db, 'kept')).toBe('kept');
    expect(await isMarked(db, 'kept')).toBe(true);
  });

  it('leaves nothing when its work throws, which is not run again', async () => {
    const { db } = await openBehindProxy();
    let runs = 0;
    const work = db.transaction(async (trx) => {
      runs += 1;
      await sql`insert into marks values ('thrown')`.execute(trx);
      throw new Error('changed my mind');
    });
    await expect(work).rejects.toThrow('changed my mind');
    expect(runs).toBe(1);
    expect(await isMarked(db, 'thrown')).toBe(false);
  });

  it('is run again when the connection was lost before COMMIT', async () => {
    const { db, proxy } = await openBehindProxy();
    const times = { runs: 0 };
    proxy.lose(lost('insert into marks', 'after', 2));
    expect(await mark(db, 'again', times)).toBe('again');
    expect(times.runs).toBe(3);
    expect(await isMarked(db, 'again')).toBe(true);
  });

  it('is run again whole when a read in it was lost', async () => {
    const { db, proxy } = await openBehindProxy();
    let runs = 0;
    proxy.lose(lost('read_mark', 'after', 1));
    await db.transaction(async (trx) => {
      runs += 1;
      await sql`insert into marks values ('whole')`.execute(trx);
      await trx.selectNoFrom(sql`1`.as('read_mark')).execute();
    });
    expect(runs).toBe(2);
    expect(await isMarked(db, 'whole')).toBe(true);
  });

  it('is given up after five losses, with nothing kept', async () => {
    const { db, proxy } = await openBehindProxy();
    const times = { runs: 0 };
    proxy.lose(lost('insert into marks', 'after', 5));
    await expect(mark(db, 'never', times)).rejects.toMatchObject({
      code: 'databaseUnavailable',
      cause: expect.any(ConnectionLostError),
    });
    expect(times.runs).toBe(5);
    expect(await isMarked(db, 'never')).toBe(false);
  });

  it.each(['before', 'after'] as const)(
    'says that it does not know when the connection was lost %s COMMIT',
    async (when) => {
      const { db, proxy } = await openBehindProxy();
      const times = { runs: 0 };
      proxy.lose(lost('commit', when, 1));
      await expect(mark(db, `lost-${when}`, times)).rejects.toBeInstanceOf(CommitUnknownError);
      expect(times.runs).toBe(1);
      // The server may still be at it when the client already knows that it does not know.
      await expect.poll(() => isMarked(db, `lost-${when}`)).toBe(when === 'after');
    },
  );

  it('throws what COMMIT was refused for', async () => {
    const { db } = await openBehindProxy();
    const work = db.transaction(async (trx) => {
      await sql`commit`.execute(trx);
      await sql`begin`.execute(trx);
      await sql`select wrong`.execute(trx);
    });
    await expect(work).rejects.toThrow(/wrong/);
    await db.ping(5_000);
  });
});

function lost(statement: string, when: Loss['when'], times: number): Loss {
  return { statement, when, times };
}
