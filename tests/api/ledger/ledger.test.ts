import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../../src/api/db/open.ts';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import { lockHead } from '../../../src/api/ledger/batch.ts';
import type { CommittedBatch } from '../../../src/api/ledger/ledger.ts';
import { describeOn, MARIADB, PGLITE } from '../../fixtures/databases.ts';
import { migratedDatabase, openLedger } from '../../fixtures/ledgers.ts';
import { balanceOf, request } from '../../fixtures/people.ts';
import { startProxy } from '../../fixtures/proxy.ts';
import { shiftableClock } from '../../fixtures/shiftable-clock.ts';

const LARGEST_BATCH = 256;
const MOST_WAITING = 8_192;

describeOn([PGLITE, MARIADB], 'the ledger worker', (server) => {
  let settings: DatabaseSettings;

  beforeAll(async () => {
    settings = await migratedDatabase(server());
  });

  it('commits the requests of a moment together, at most 256', async () => {
    const batches: CommittedBatch[] = [];
    const { ledger, pair } = openLedger(settings, { onBatch: (batch) => batches.push(batch) });
    const [payer, payee] = await pair();
    batches.length = 0;
    const asked = request({ debitAccountId: payer.id, creditAccountId: payee.id, amountXof: 1 });
    await Promise.all(Array.from({ length: LARGEST_BATCH + 44 }, () => ledger.post(asked)));
    expect(batches.map(({ requests }) => requests)).toEqual([LARGEST_BATCH, 44]);
    expect(batches.every(({ durationMs }) => durationMs > 0)).toBe(true);
  });

  it('gives up within a bound while another holds the head, and fails nobody twice', async () => {
    const errors: unknown[] = [];
    const impatient = { ...settings, statementTimeoutMs: 250 };
    const { db, ledger, pair } = openLedger(impatient, { onError: (error) => errors.push(error) });
    const [payer, payee] = await pair();
    const other = openDatabase(settings);
    onTestFinished(() => other.close());
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const holding = other.transaction(async (trx) => {
      await lockHead(trx);
      locked.resolve();
      await held.promise;
    });
    await locked.promise;
    const asked = request({ debitAccountId: payer.id, creditAccountId: payee.id });
    const results = await Promise.allSettled([ledger.post(asked), ledger.post(asked), ledger.post(asked)]);
    expect(results).toMatchObject(results.map(() => ({ reason: { code: 'databaseUnavailable' } })));
    expect(errors).toHaveLength(1);
    held.resolve();
    await holding;
    expect(await ledger.post(asked)).toMatchObject({ kind: 'done' });
    expect(await balanceOf(db, payee.id)).toBe(100);
  });

  it('takes no more than can be served in reasonable time', async () => {
    const proxy = await startProxy(settings, { tcp: false });
    await proxy.stop();
    const { ledger } = openLedger({ ...proxy.settings, connectWaitMs: 1 });
    const asked = request({ debitAccountId: 'a', creditAccountId: 'b' });
    const waiting = Array.from({ length: MOST_WAITING }, () => ledger.post(asked));
    const refused = expect(ledger.post(asked)).rejects.toMatchObject({
      message: expect.stringContaining('8192 wait'),
    });
    const results = await Promise.allSettled(waiting);
    await refused;
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
  });

  it('takes nothing that is not a positive whole amount', async () => {
    const { ledger } = openLedger(settings);
    for (const amountXof of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
      const asked = request({ debitAccountId: 'a', creditAccountId: 'b', amountXof });
      await expect(ledger.post(asked)).rejects.toThrow('positive whole number');
    }
  });

  it('has the rules of the tables within a second, and moves nothing without one', async () => {
    const clock = shiftableClock();
    const { db, ledger, pair } = openLedger(settings, { clock });
    const [payer, payee] = await pair();
    const asked = request({
      type: 'retrait',
      debitAccountId: payer.id,
      creditAccountId: payee.id,
      amountXof: 1_000,
    });
    expect(await ledger.post(asked)).toMatchObject({ outcome: { transfer: { feeXof: 0 } } });
    await db.kysely
      .updateTable('fee_rules')
      .set({ rate_ppm: 10_000 })
      .where('type', '=', 'retrait')
      .execute();
    clock.pass(1_001);
    expect(await ledger.post(asked)).toMatchObject({ outcome: { transfer: { feeXof: 10 } } });
    await db.kysely.deleteFrom('fee_rules').where('type', '=', 'retrait').execute();
    clock.pass(1_001);
    await expect(ledger.post(asked)).rejects.toThrow('transfers of type retrait have no fee rule');
  });
});
