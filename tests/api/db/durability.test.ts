import { sql } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { durabilityGaps, tellGaps } from '../../../src/api/db/durability.ts';
import { openDatabase } from '../../../src/api/db/open.ts';
import { describeOn, MARIADB, MYSQL, PGLITE, POSTGRESQL } from '../../fixtures/databases.ts';

describeOn([MARIADB, MYSQL, POSTGRESQL], 'durable commits', (server, kind) => {
  const open = async () => {
    const settings = await server().emptyDatabase();
    const db = openDatabase({ ...settings, poolSize: 1 });
    onTestFinished(() => db.close());
    return { db, connection: settings.connection };
  };

  it("are what the tests' servers are set for", async () => {
    const { db, connection } = await open();
    expect(await durabilityGaps(db)).toEqual([]);
    await tellGaps(connection, db, { error: () => expect.unreachable('nothing is to be told') });
  });

  it('are missed where the server is set otherwise', async () => {
    const { db, connection } = await open();
    const [loosen, gap] =
      kind.family === 'mysql'
        ? ['set global sync_binlog = 0', 'sync_binlog is 0 instead of 1']
        : ['set synchronous_commit = off', 'synchronous_commit is off instead of on'];
    await sql.raw(loosen).execute(db.kysely);
    const told: object[] = [];
    await tellGaps(connection, db, { error: (fields) => told.push(fields) });
    expect(told).toEqual([{ gaps: [gap] }]);
  });
});

describeOn([PGLITE], 'the embedded database', (server) => {
  it('is not told of, though it commits to memory alone', async () => {
    const settings = await server().emptyDatabase();
    const db = openDatabase(settings);
    onTestFinished(() => db.close());
    expect(await durabilityGaps(db)).toContain('fsync is off instead of on');
    await tellGaps(settings.connection, db, { error: () => expect.unreachable('nothing is to be told') });
  });
});
