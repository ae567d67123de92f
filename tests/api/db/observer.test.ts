import { sql } from 'kysely';
import { expect, it, onTestFinished, test } from 'vitest';
import { ConnectionLostError } from '../../../src/api/db/errors.ts';
import { type DatabaseObserver, repeatCodeOf } from '../../../src/api/db/observer.ts';
import { openDatabase } from '../../../src/api/db/open.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { describeOn, SERVER_KINDS } from '../../fixtures/databases.ts';
import { startProxy } from '../../fixtures/proxy.ts';

/** Writes down what it hears. */
function listener(): DatabaseObserver & { readonly heard: string[] } {
  const heard: string[] = [];
  return {
    heard,
    asked: () => heard.push('asked'),
    lent: (waitedMs) => heard.push(waitedMs >= 0 ? 'lent' : 'lent before it was asked for'),
    refused: (waitedMs) => heard.push(waitedMs >= 0 ? 'refused' : 'refused before it was asked for'),
    returned: () => heard.push('returned'),
    repeated: (code) => heard.push(`repeated ${code}`),
  };
}

describeOn(SERVER_KINDS, 'what a database tells its observer', (server) => {
  it('is each connection lent and given back, also when the work fails', async () => {
    const observer = listener();
    const db = openDatabase(await server().emptyDatabase(), systemClock, observer);
    onTestFinished(() => db.close());
    await db.ping(5_000);
    expect(observer.heard.splice(0)).toEqual(['asked', 'lent', 'returned']);
    await expect(db.transaction(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(observer.heard).toEqual(['asked', 'lent', 'returned']);
  });

  it('is a caller who waited for the last connection', async () => {
    const observer = listener();
    const db = openDatabase({ ...(await server().emptyDatabase()), poolSize: 1 }, systemClock, observer);
    onTestFinished(() => db.close());
    const first = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const held = db.kysely.connection().execute(async () => {
      begun.resolve();
      await first.promise;
    });
    await begun.promise;
    const waiting = db.ping(5_000);
    await expect.poll(() => observer.heard).toEqual(['asked', 'lent', 'asked']);
    first.resolve();
    await Promise.all([held, waiting]);
    for (const said of ['lent', 'returned']) {
      expect(observer.heard.filter((each) => each === said)).toHaveLength(2);
    }
  });

  it('is a transaction that is run again, and why', async () => {
    const observer = listener();
    const proxy = await startProxy(await server().emptyDatabase(), { tcp: false });
    onTestFinished(() => proxy.stop());
    const db = openDatabase(proxy.settings, systemClock, observer);
    onTestFinished(() => db.close());
    proxy.lose({ statement: 'select 7', when: 'after', times: 1 });
    await db.transaction((trx) => sql`select 7`.execute(trx));
    expect(observer.heard.filter((said) => said.startsWith('repeated'))).toEqual([
      'repeated connection_lost',
    ]);
    expect(observer.heard.at(-1)).toBe('returned');
  });

  it('is a caller who was refused, as the database is away', async () => {
    const observer = listener();
    const settings = await server().emptyDatabase();
    const away = { ...settings, socketPath: `${settings.socketPath}0`, connectWaitMs: 50 };
    const db = openDatabase(away, systemClock, observer);
    onTestFinished(() => db.close());
    await expect(sql`select 1`.execute(db.kysely)).rejects.toThrow('gave no connection');
    expect(observer.heard).toEqual(['asked', 'refused']);
  });
});

test('a repeat is named by the code of the server, or as a lost connection', () => {
  expect(repeatCodeOf(Object.assign(new Error('Deadlock found'), { errno: 1213 }))).toBe('1213');
  expect(repeatCodeOf(Object.assign(new Error('deadlock detected'), { code: '40P01' }))).toBe('40P01');
  expect(repeatCodeOf(new ConnectionLostError('x'))).toBe('connection_lost');
  expect(repeatCodeOf('x')).toBe('unknown');
});
