import { sql } from 'kysely';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { type Database, openDatabase } from '../../../src/api/db/open.ts';
import { MIGRATIONS } from '../../../src/api/migrations/index.ts';
import { type MigrationKit, migrationKit } from '../../../src/api/migrations/kit.ts';
import { migrateUp } from '../../../src/api/migrations/runner.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { describeOn, SERVER_KINDS } from '../../fixtures/databases.ts';
import { makeAccounts } from '../../fixtures/people.ts';

describeOn(SERVER_KINDS, 'the migration kit', (server) => {
  let db: Database;
  let kit: MigrationKit;

  beforeEach(async () => {
    db = openDatabase(await server().emptyDatabase());
    onTestFinished(() => db.close());
    await migrateUp(db, MIGRATIONS, systemClock);
    kit = migrationKit(db.kysely, db.dialect, () => {});
    await makeAccounts(db, [{}]);
  });

  it('adds a column to a table with rows, once', async () => {
    for (let turn = 0; turn < 2; turn += 1)
      await kit.addColumn('users', 'langue', `${kit.types.code(2)} null`);
    const { rows } = await sql`select langue from users`.execute(db.kysely);
    expect(rows).toEqual([{ langue: null }]);
    expect(await db.dialect.hasColumn(db.kysely, 'users', 'surnom')).toBe(false);
  });

  it('adds an index to a table with rows, once', async () => {
    for (let turn = 0; turn < 2; turn += 1) await kit.addIndex('users', 'users_by_name', ['nom', 'prenom']);
    expect(await db.dialect.hasIndex(db.kysely, 'users', 'users_by_name')).toBe(true);
  });

  it('widens a check, and may do it again', async () => {
    const close = sql`update users set status = 'closed'`;
    await expect(close.execute(db.kysely)).rejects.toThrow(/status_known/);
    for (let turn = 0; turn < 2; turn += 1) {
      await kit.widenCheck(
        'users',
        'status_known',
        "status in ('pending_verification', 'active', 'suspended', 'closed')",
      );
    }
    await close.execute(db.kysely);
    const unknown = sql`update users set status = 'gone'`.execute(db.kysely);
    await expect(unknown).rejects.toThrow(/status_known/);
  });

  it('tells about how many rows each table has', async () => {
    const rows = await db.dialect.estimateRows(db.kysely);
    expect(rows.get('outbox')).toBe(0);
    expect(rows.get('users')).toBeGreaterThan(0);
    expect(rows.get('users')).toBeLessThan(1_000);
    expect(rows.has('nowhere')).toBe(false);
  });

  it('takes the figure of the statistics once the database has counted', async () => {
    await sql.raw(db.dialect.family === 'mysql' ? 'analyze table users' : 'analyze users').execute(db.kysely);
    expect((await db.dialect.estimateRows(db.kysely)).get('users')).toBe(1);
  });
});

describeOn(
  SERVER_KINDS.filter(({ name }) => name !== 'MariaDB'),
  'an index whose building was killed',
  (server) => {
    it('does not count as there, and is built anew', async () => {
      const db = openDatabase(await server().emptyDatabase());
      onTestFinished(() => db.close());
      await migrateUp(db, MIGRATIONS, systemClock);
      await makeAccounts(db, [{}, {}]);
      // Two rows are alike: the building fails where a kill would end it.
      const failing = sql`create unique index concurrently users_by_name on users (nom)`.execute(db.kysely);
      await expect(failing).rejects.toThrow(/users_by_name/);
      expect(await db.dialect.hasIndex(db.kysely, 'users', 'users_by_name')).toBe(false);
      await migrationKit(db.kysely, db.dialect, () => {}).addIndex('users', 'users_by_name', ['nom']);
      expect(await db.dialect.hasIndex(db.kysely, 'users', 'users_by_name')).toBe(true);
    });
  },
);
