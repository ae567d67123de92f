import { expect, test } from 'vitest';
import { LEDGER_PROOF } from '../../../src/cli/kit/ledger-proof.ts';
import { Secret } from '../../../src/core/secret.ts';
import { type MysqlSession, openSession } from '../../../src/engine/mysql/session.ts';
import { proveCopy, readFacts } from '../../../src/engine/proof.ts';
import { describeOn, MYSQL } from '../../fixtures/databases.ts';
import { migratedDatabase, openLedger } from '../../fixtures/ledgers.ts';

const LIMITS = { connectMs: 5000, queryMs: 30_000 };

describeOn([MYSQL], 'a session', (server) => {
  const connect = (socketPath: string, database?: string): Promise<MysqlSession> =>
    openSession({ place: { socketPath }, username: 'root', password: new Secret('') }, LIMITS, database);

  test('the questions of the ledger’s proof are asked and judged as on the other databases', async () => {
    const settings = await migratedDatabase(server());
    await openLedger(settings).pair();
    const session = await connect(settings.socketPath ?? '', settings.database);
    try {
      const facts = await readFacts(session, LEDGER_PROOF);
      const source = { before: facts, after: facts };
      const { checks } = await proveCopy(session, LEDGER_PROOF, source);
      expect(checks.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
      await session.run('update accounts set balance = balance + 1 limit 1');
      await session.run("update ledger_head set chain_hash = 'another' where id = 1");
      const damaged = await proveCopy(session, LEDGER_PROOF, source);
      expect(damaged.checks.find(({ name }) => name.startsWith('every balance'))?.verdict).toBe('fail');
      expect(damaged.isProven).toBe(false);
    } finally {
      session.close();
    }
  });

  test('asking a source whether sums can be asked reads none of its rows', async () => {
    const settings = await migratedDatabase(server());
    const session = await connect(settings.socketPath ?? '', settings.database);
    try {
      await session.run('create table many (n int)');
      await session.run(`insert into many values ${Array.from({ length: 500 }, () => '(1)').join()}`);
      const rowsRead = async (): Promise<number> => {
        const rows = (await session.rows("show session status like 'Handler_read_rnd_next'")) ?? [];
        return Number(rows[0]?.Value);
      };
      const before = await rowsRead();
      const sum = 'select sum(n) as total from many';
      const facts = await readFacts(session, [
        { name: 'sum', sql: sum, expect: 'zero' },
        { name: 'absent', sql: 'select sum(n) as total from none', expect: 'zero' },
      ]);
      expect(facts).toEqual({ sum: { isAbsent: false, row: {} }, absent: { isAbsent: true, row: {} } });
      expect((await rowsRead()) - before).toBeLessThan(100);
      await session.rows(sum);
      expect((await rowsRead()) - before).toBeGreaterThan(500);
    } finally {
      session.close();
    }
  });

  test('what is not there is absent; what is wrong is an error; nobody there is unavailable', async () => {
    const { socketPath = '' } = await server().emptyDatabase();
    const session = await connect(socketPath, 'not_yet_made');
    expect(await session.rows('select * from nowhere.nothing')).toBeUndefined();
    expect(await session.rows('select no_column from mysql.user')).toBeUndefined();
    await expect(session.rows('select from')).rejects.toMatchObject({ code: 'databaseUnavailable' });
    expect(await session.values("select 1, null, 12345678901234567890, 'é'")).toEqual([
      '1',
      '',
      '12345678901234567890',
      'é',
    ]);
    expect(await session.rows('select $2 as b, $1::bigint as a', ['1', 'two'])).toEqual([
      { b: 'two', a: '1' },
    ]);
    session.close();
    await expect(connect('/nowhere/mysql.sock')).rejects.toMatchObject({ code: 'databaseUnavailable' });
  });
});
