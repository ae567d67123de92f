import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Database, openDatabase } from '../../../src/api/db/open.ts';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import { type DatabaseServer, describeOn, PGLITE } from '../../fixtures/databases.ts';

/** Two servers that hold different words, so that an answer tells who gave it. */
describeOn([PGLITE], 'a replica', (primary, kind) => {
  let replica: DatabaseServer;
  let settings: DatabaseSettings;

  beforeAll(async () => {
    replica = await kind.start();
    const following = await replica.emptyDatabase();
    const leading = await primary().emptyDatabase();
    await say(leading, 'primary');
    await say(following, 'replica');
    settings = { ...leading, replica: { socketPath: following.socketPath } };
  });
  afterAll(() => replica?.stop());

  const open = (change: Partial<DatabaseSettings> = {}): Database => {
    const db = openDatabase({ ...settings, ...change });
    onTestFinished(() => db.close());
    return db;
  };

  it('answers what may be stale, and nothing else', async () => {
    const db = open();
    expect(await ask(db.stale)).toBe('replica');
    expect(await ask(db.kysely)).toBe('primary');
    await db.transaction(async (trx) => expect(await ask(trx)).toBe('primary'));
  });

  it('is the primary itself where there is none', async () => {
    expect(await ask(open({ replica: undefined }).stale)).toBe('primary');
  });

  it('is stood in for by the primary while it is gone, and asked again once it is back', async () => {
    const db = open();
    expect(await ask(db.stale)).toBe('replica');
    await replica.kill();
    expect(await ask(db.stale)).toBe('primary');
    expect(await ask(open().stale)).toBe('primary');
    await replica.restart();
    await expect.poll(() => ask(db.stale), { timeout: 30_000 }).toBe('replica');
  });

  it('is stood in for by the primary when it does not answer', async () => {
    const db = open();
    expect(await ask(db.stale)).toBe('replica');
    replica.pause();
    onTestFinished(() => replica.resume());
    expect(await ask(db.stale)).toBe('primary');
  });

  it('tells what is wrong with a statement', async () => {
    const wrong = sql`select wrong`.execute(open().stale);
    await expect(wrong).rejects.toMatchObject({ code: '42703' });
  });
});

/** A read as Kysely builds it: only such a one is sent again. */
async function ask(kysely: Database['kysely']): Promise<string> {
  const query = kysely.selectFrom('users').select('nom');
  return (await query.executeTakeFirstOrThrow()).nom;
}

async function say(settings: DatabaseSettings, word: string): Promise<void> {
  const db = openDatabase(settings);
  await sql`create table users (nom text not null)`.execute(db.kysely);
  await sql`insert into users values (${word})`.execute(db.kysely);
  await db.close();
}
