import { randomUUID } from 'node:crypto';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import { checkInvariants } from '../../../src/api/ledger/invariants.ts';
import { describeOn, MARIADB, MYSQL, PGLITE } from '../../fixtures/databases.ts';
import { migratedDatabase, type OpenedLedger, openLedger } from '../../fixtures/ledgers.ts';
import { balanceOf, request } from '../../fixtures/people.ts';
import { type CuttingProxy, startProxy } from '../../fixtures/proxy.ts';

describeOn([PGLITE, MARIADB, MYSQL], 'a connection lost in COMMIT', (server) => {
  let settings: DatabaseSettings;

  beforeAll(async () => {
    settings = await migratedDatabase(server());
  });

  const setUp = async (
    connectWaitMs = 300,
  ): Promise<OpenedLedger & { readonly proxy: CuttingProxy; readonly errors: unknown[] }> => {
    const proxy = await startProxy(settings, { tcp: false });
    onTestFinished(() => proxy.stop());
    const errors: unknown[] = [];
    const opened = openLedger(
      { ...proxy.settings, connectWaitMs },
      { onError: (error) => errors.push(error) },
    );
    return { ...opened, proxy, errors };
  };

  it.each(['before', 'after'] as const)(
    '%s the server had it: the money moves once and the client is told',
    async (when) => {
      const { db, ledger, pair, proxy, errors } = await setUp();
      const [payer, payee] = await pair();
      proxy.lose({ statement: 'commit', when, times: 1 });
      const asked = Array.from({ length: 5 }, () =>
        request({ debitAccountId: payer.id, creditAccountId: payee.id }),
      );
      const results = await Promise.all(asked.map((one) => ledger.post(one)));
      expect(results).toMatchObject(asked.map(() => ({ kind: 'done', outcome: { kind: 'posted' } })));
      expect(await balanceOf(db, payee.id)).toBe(500);
      expect(await checkInvariants(db)).toMatchObject({ accountsOff: 0, entriesSumXof: 0 });
      expect(errors).toEqual([]);
    },
  );

  it('waits for a COMMIT that reaches the server late, and does not pay twice', async () => {
    const { db, ledger, pair, proxy } = await setUp(3_000);
    const [payer, payee] = await pair();
    proxy.lose({ statement: 'commit', when: 'after', times: 1, delayMs: 200 });
    const asked = request({ debitAccountId: payer.id, creditAccountId: payee.id });
    expect(await ledger.post(asked)).toMatchObject({ kind: 'done', outcome: { kind: 'posted' } });
    expect(await balanceOf(db, payee.id)).toBe(100);
  });

  it('leaves a batch without money to be decided again', async () => {
    const { ledger, pair, proxy } = await setUp();
    const [payer, payee] = await pair();
    const idempotency = { ownerId: payer.userId, key: randomUUID(), fingerprint: 'f' };
    const tooMuch = request({
      debitAccountId: payer.id,
      creditAccountId: payee.id,
      amountXof: 99_999,
      idempotency,
    });
    proxy.lose({ statement: 'commit', when: 'before', times: 1 });
    expect(await ledger.post(tooMuch)).toMatchObject({ kind: 'done', outcome: { kind: 'refused' } });
    expect(await ledger.post(tooMuch)).toMatchObject({ kind: 'replayed' });
  });

  it('each time is an error, and nothing was kept', async () => {
    const { db, ledger, pair, proxy, errors } = await setUp();
    const [payer, payee] = await pair();
    // The look for what was kept sends no INSERT, so its own COMMIT passes.
    proxy.lose({ statement: 'commit', when: 'before', times: 5, having: 'insert into' });
    const refused = ledger.post(request({ debitAccountId: payer.id, creditAccountId: payee.id }));
    await expect(refused).rejects.toMatchObject({ code: 'databaseUnavailable' });
    expect(await balanceOf(db, payee.id)).toBe(0);
    expect(errors).toHaveLength(1);
  });

  it('says that the outcome is unknown when the database does not come back', async () => {
    const { db, ledger, pair, proxy } = await setUp();
    const [payer, payee] = await pair();
    const idempotency = { ownerId: payer.userId, key: randomUUID(), fingerprint: 'f' };
    const asked = request({ debitAccountId: payer.id, creditAccountId: payee.id, idempotency });
    proxy.lose({ statement: 'commit', when: 'after', times: 1, thenRefuse: true });
    await expect(ledger.post(asked)).rejects.toMatchObject({
      code: 'databaseUnavailable',
      message: expect.stringContaining('whether the transfer was kept is unknown'),
      hint: 'ask again with the same Idempotency-Key',
    });
    await db.close();
    const again = openLedger(settings);
    expect(await again.ledger.post(asked)).toMatchObject({ kind: 'replayed', answer: { statusCode: 200 } });
    expect(await balanceOf(again.db, payee.id)).toBe(100);
  });
});
