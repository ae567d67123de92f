import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { type Database, openDatabase } from '../../../src/api/db/open.ts';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import { HOUSE } from '../../../src/api/ledger/house.ts';
import { MIGRATIONS } from '../../../src/api/migrations/index.ts';
import type { Migration } from '../../../src/api/migrations/kit.ts';
import { contract, migrateUp, migrationStatus } from '../../../src/api/migrations/runner.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { describeOn, SERVER_KINDS } from '../../fixtures/databases.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';
import { startProcess } from '../../fixtures/processes.ts';

/** Adds a table, and in its contract phase removes it, as an old column would be. */
const addThing: Migration = {
  id: '9999',
  name: 'thing',
  expand: (kit) => kit.run('create table if not exists thing (id integer primary key)'),
  contract: (kit) => kit.run('drop table if exists thing'),
};
const LIST = [...MIGRATIONS, addThing];
const IDS = LIST.map(({ id }) => id);
const clock = systemClock;

describeOn(SERVER_KINDS, 'migrations', (server) => {
  let settings: DatabaseSettings;
  let db: Database;

  beforeEach(async () => {
    settings = await server().emptyDatabase();
    db = openDatabase(settings);
    onTestFinished(() => db.close());
  });

  it('finds everything pending in an empty database, and changes nothing by looking', async () => {
    expect(await migrationStatus(db, LIST)).toEqual({
      applied: [],
      pending: IDS,
      contractable: [],
    });
    expect(await db.dialect.hasTable(db.kysely, 'ompay_migrations')).toBe(false);
  });

  it('applies what is pending, once and in order', async () => {
    expect(await migrateUp(db, LIST, clock)).toEqual(IDS);
    expect(await migrateUp(db, LIST, clock)).toEqual([]);
    const { applied, pending, contractable } = await migrationStatus(db, LIST);
    expect(applied.map(({ id, name, phase }) => `${id} ${name} ${phase}`)).toEqual([
      ...LIST.map((one) => `${one.id} ${one.name} expand`),
    ]);
    expect({ pending, contractable }).toEqual({ pending: [], contractable: ['9999'] });
  });

  it('makes the house accounts, the head of the chain and the rules', async () => {
    await migrateUp(db, MIGRATIONS, clock);
    const { kysely } = db;
    const accounts = await kysely
      .selectFrom('accounts')
      .select(['id', 'kind', 'balance'])
      .orderBy('id')
      .execute();
    expect(accounts).toEqual(Object.values(HOUSE).map(({ id, kind }) => ({ id, kind, balance: 0 })));
    expect(await kysely.selectFrom('ledger_head').select(['id', 'chain_seq']).execute()).toEqual([
      { id: 1, chain_seq: 0 },
    ]);
    const limits = await kysely
      .selectFrom('limit_rules')
      .select(['kyc_level', 'max_balance'])
      .orderBy('kyc_level')
      .execute();
    expect(limits).toEqual([
      { kyc_level: 'identified', max_balance: 2_000_000 },
      { kyc_level: 'probe', max_balance: null },
      { kyc_level: 'staff', max_balance: null },
      { kyc_level: 'unidentified', max_balance: 200_000 },
    ]);
    const fees = kysely.selectFrom('fee_rules').select('rate_ppm').where('type', '=', 'transfert');
    expect(await fees.execute()).toEqual([{ rate_ppm: 8_000 }]);
  });

  it('does not undo what was changed in the rules when it is run again over them', async () => {
    await migrateUp(db, MIGRATIONS, clock);
    await db.kysely
      .updateTable('fee_rules')
      .set({ rate_ppm: 5_000 })
      .where('type', '=', 'transfert')
      .execute();
    await db.kysely.deleteFrom('ompay_migrations').execute();
    expect(await migrateUp(db, MIGRATIONS, clock)).toEqual(MIGRATIONS.map(({ id }) => id));
    const fees = db.kysely.selectFrom('fee_rules').select('rate_ppm').where('type', '=', 'transfert');
    expect(await fees.execute()).toEqual([{ rate_ppm: 5_000 }]);
  });

  it('goes on where a failed run stopped', async () => {
    let failing = true;
    const halfway: Migration = {
      ...addThing,
      expand: async (kit) => {
        await addThing.expand(kit);
        if (failing) throw new Error('killed in the middle');
      },
    };
    const list = [...MIGRATIONS, halfway];
    await expect(migrateUp(db, list, clock)).rejects.toThrow('killed in the middle');
    expect((await migrationStatus(db, list)).pending).toEqual([addThing.id]);
    failing = false;
    expect(await migrateUp(db, list, clock)).toEqual([addThing.id]);
  });

  it.each([1, 5, 9, 13])('goes on where a process was killed that had made %i tables', async (tables) => {
    const migrating = startProcess({
      command: process.execPath,
      args: [fileURLToPath(new URL('../../fixtures/migrate.ts', import.meta.url)), JSON.stringify(settings)],
      logFile: join(temporaryFolder(), 'migrate.log'),
    });
    const made = async () => (await db.kysely.introspection.getTables()).length;
    await expect.poll(made, { timeout: 30_000, interval: 1 }).toBeGreaterThanOrEqual(tables);
    await migrating.end('SIGKILL');
    const afterExpiry = { ...systemClock, now: () => systemClock.now() + 60_000 };
    await migrateUp(db, MIGRATIONS, afterExpiry);
    expect((await migrationStatus(db, MIGRATIONS)).pending).toEqual([]);
    expect(await db.kysely.selectFrom('accounts').select('id').execute()).toHaveLength(3);
    expect(await db.dialect.hasIndex(db.kysely, 'entries', 'entries_history')).toBe(true);
  });

  it('lets two that start at once apply each migration once', async () => {
    const counted: string[] = [];
    const list = LIST.map((migration) => ({
      ...migration,
      expand: async (kit: Parameters<Migration['expand']>[0]) => {
        counted.push(migration.id);
        await migration.expand(kit);
      },
    }));
    const applied = await Promise.all([migrateUp(db, list, clock), migrateUp(db, list, clock)]);
    expect(counted).toEqual(IDS);
    expect(applied.flat()).toEqual(IDS);
  });

  it('leaves alone a database that a newer release has migrated', async () => {
    await migrateUp(db, LIST, clock);
    const { pending, applied } = await migrationStatus(db, MIGRATIONS);
    expect(pending).toEqual([]);
    expect(applied).toHaveLength(LIST.length);
    expect(await migrateUp(db, MIGRATIONS, clock)).toEqual([]);
  });

  it('refuses to contract while a release that could come back needs the old schema', async () => {
    await migrateUp(db, LIST, clock);
    const releasesKept = [
      { id: 'old', newestMigration: '0001' },
      { id: 'new', newestMigration: '9999' },
    ];
    await expect(contract(db, LIST, { id: '9999', releasesKept, clock })).rejects.toMatchObject({
      code: 'checkBlocked',
      message: 'migration 9999 cannot be contracted: needed by old',
      exitCode: 3,
    });
    await sql`select * from thing`.execute(db.kysely);
  });

  it('contracts once nothing needs the old schema, and a second time does nothing', async () => {
    await migrateUp(db, LIST, clock);
    const request = { id: '9999', releasesKept: [{ id: 'new', newestMigration: '9999' }], clock };
    await contract(db, LIST, request);
    await expect(sql`select * from thing`.execute(db.kysely)).rejects.toThrow(/thing/);
    await contract(db, LIST, request);
    const { applied, contractable } = await migrationStatus(db, LIST);
    expect(applied.map(({ id, phase }) => `${id} ${phase}`)).toEqual([
      ...IDS.map((id) => `${id} expand`),
      '9999 contract',
    ]);
    expect(contractable).toEqual([]);
  });

  it('refuses to contract what is not expanded, unknown, or has no such phase', async () => {
    const ask = (id: string) => contract(db, LIST, { id, releasesKept: [], clock });
    await expect(ask('9999')).rejects.toMatchObject({ code: 'checkBlocked', hint: 'ompay migrate up' });
    await expect(ask('0001')).rejects.toMatchObject({ code: 'notFound' });
    await expect(ask('0000')).rejects.toMatchObject({ code: 'notFound' });
  });
});
