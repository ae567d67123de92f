import { afterAll, beforeAll, expect, test } from 'vitest';
import { countAttempt, PASSWORD_RULE } from '../../../src/api/auth/attempts.ts';
import { type Database, openDatabase } from '../../../src/api/db/open.ts';
import { type DatabaseServer, PGLITE } from '../../fixtures/databases.ts';
import { migratedDatabase } from '../../fixtures/ledgers.ts';

let server: DatabaseServer;
let database: Database;
beforeAll(async () => {
  server = await PGLITE.start();
  database = openDatabase(await migratedDatabase(server));
});
afterAll(async () => {
  await database.close();
  await server.stop();
});

const NOW = 1_800_000_000_000;

/** The counter is there when it is to be made, `times` times, and gone right after: another's attempt was right. */
function withPassers(times: number): Database {
  let left = times;
  const insertIfAbsent: Database['dialect']['insertIfAbsent'] = async (...given) => {
    left -= 1;
    return left < 0 && (await database.dialect.insertIfAbsent(...given));
  };
  return { ...database, dialect: { ...database.dialect, insertIfAbsent } };
}

test('an attempt beside a right one, whose counter is just removed, is not refused', async () => {
  const attempt = { rule: PASSWORD_RULE, key: 'password:beside', now: NOW };
  expect(await countAttempt(withPassers(1), attempt)).toBe(0);
  const rows = await database.kysely.selectFrom('attempt_counters').select('count').execute();
  expect(rows).toEqual([{ count: 1 }]);
});

test('it does not look for ever', async () => {
  const attempt = { rule: PASSWORD_RULE, key: 'password:for-ever', now: NOW };
  expect(await countAttempt(withPassers(1000), attempt)).toBe(1);
});

test('the fifth counts, the sixth waits until the window ends', async () => {
  const attempt = { rule: PASSWORD_RULE, key: 'password:six', now: NOW };
  for (let number = 1; number <= 5; number += 1) expect(await countAttempt(database, attempt)).toBe(0);
  expect(await countAttempt(database, { ...attempt, now: NOW + 60_000 })).toBe(14 * 60_000);
});
