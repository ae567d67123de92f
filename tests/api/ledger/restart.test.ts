import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { describeOn, MARIADB, MYSQL, POSTGRESQL } from '../../fixtures/databases.ts';
import { migratedDatabase, openLedger } from '../../fixtures/ledgers.ts';
import { fund, makeAccounts } from '../../fixtures/people.ts';
import { between } from '../../fixtures/posts.ts';
import { expectSound } from '../../fixtures/sound.ts';

const CLIENTS = 8;
const BEFORE_AND_AFTER = 40;
/** The bar of the project: whoever waits longer after a restart calls the hotline. */
const SERVING_AGAIN_MS = 10_000;

describeOn([MARIADB, MYSQL, POSTGRESQL], 'a ledger whose database restarts under traffic', (server) => {
  it('serves again without an operator, and has kept once what it acknowledged', async () => {
    const { db, ledger } = openLedger(await migratedDatabase(server()));
    const [payer, payee] = await makeAccounts(db, [{}, {}]);
    if (payer === undefined || payee === undefined) throw new Error('two accounts were made');
    await fund(ledger, payer.id, 1_000_000);
    const acknowledged: string[] = [];
    const stop = new AbortController();

    /** Asks with one key until it is answered, as a client does. */
    const transfer = async (): Promise<void> => {
      const description = randomUUID();
      const idempotency = { ownerId: payer.userId, key: description, fingerprint: 'f' };
      while (!stop.signal.aborted) {
        try {
          const { kind } = await ledger.post({ ...between(payer, payee), description, idempotency });
          if (kind === 'done' || kind === 'replayed') acknowledged.push(description);
          return;
        } catch {
          await systemClock.sleep(20);
        }
      }
    };
    const client = async (): Promise<void> => {
      while (!stop.signal.aborted) await transfer();
    };
    const clients = Promise.all(Array.from({ length: CLIENTS }, client));
    const reached = (count: number) =>
      expect.poll(() => acknowledged.length, { timeout: 30_000, interval: 5 }).toBeGreaterThanOrEqual(count);

    await reached(BEFORE_AND_AFTER);
    await server().kill();
    const before = acknowledged.length;
    await server().restart();
    const answersMs = systemClock.monotonicMs();
    await reached(before + BEFORE_AND_AFTER);
    const servedAgainMs = systemClock.monotonicMs() - answersMs;
    stop.abort();
    await clients;

    expect(servedAgainMs).toBeLessThan(SERVING_AGAIN_MS);
    const kept = await db.kysely.selectFrom('transfers').select('description').execute();
    const times = Map.groupBy(kept, ({ description }) => description);
    expect(acknowledged.filter((key) => times.get(key)?.length !== 1)).toEqual([]);
    await expectSound(db);
  });
});
