import { randomInt } from 'node:crypto';
import { beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import { describeOn, PGLITE } from '../../fixtures/databases.ts';
import { ending, fundsOf, holdRow, reserve, resolveRequest } from '../../fixtures/holds.ts';
import { migratedDatabase, openLedger } from '../../fixtures/ledgers.ts';
import { request } from '../../fixtures/people.ts';
import { startProxy } from '../../fixtures/proxy.ts';

// One code in ten begins with a zero: here chance is made to.
vi.mock('node:crypto', { spy: true });

describeOn([PGLITE], 'a commit', (server) => {
  let settings: DatabaseSettings;

  beforeAll(async () => {
    settings = await migratedDatabase(server());
  });

  const setUp = async () => {
    const proxy = await startProxy(settings, { tcp: false });
    onTestFinished(() => proxy.stop());
    const opened = openLedger({ ...proxy.settings, connectWaitMs: 3_000 });
    const [payer, payee] = await opened.pair();
    return { ...opened, proxy, payer, payee };
  };

  it('that is lost each time says so, and what to do', async () => {
    const { ledger, payer, payee, proxy } = await setUp();
    proxy.lose({ statement: 'commit', when: 'before', times: 5, having: 'insert into' });
    const refused = ledger.post(request({ debitAccountId: payer.id, creditAccountId: payee.id }));
    await expect(refused).rejects.toMatchObject({
      message: 'the connection was lost in COMMIT each time, and nothing was kept',
      hint: 'ask again; see the database log for why connections end',
      cause: expect.any(Error),
    });
  });

  it.each(['before', 'after'] as const)(
    'lost %s the server had it opens an operation once, and settles it once',
    async (when) => {
      const { db, ledger, payer, proxy } = await setUp();
      proxy.lose({ statement: 'commit', when, times: 1 });
      const reserved = await reserve(ledger, { accountId: payer.id });
      expect(await fundsOf(db, payer.id)).toEqual([10_000, 100]);
      const opened = await db.kysely
        .selectFrom('holds')
        .select('id')
        .where('account_id', '=', payer.id)
        .execute();
      expect(opened).toEqual([{ id: reserved.hold.id }]);
      proxy.lose({ statement: 'commit', when, times: 1 });
      expect(ending(await ledger.post(resolveRequest('void', reserved)))).toBe('voided');
      expect(await holdRow(db, reserved.hold.id)).toMatchObject({ status: 'annule' });
      expect(await fundsOf(db, payer.id)).toEqual([10_000, 0]);
    },
  );

  it('gives an operation a code of six digits, zeros first', async () => {
    const { ledger, pair } = openLedger(settings);
    const [payer] = await pair();
    vi.mocked(randomInt).mockImplementationOnce(() => 42);
    expect(await reserve(ledger, { accountId: payer.id })).toMatchObject({ code: '000042' });
    expect(await reserve(ledger, { accountId: payer.id })).toMatchObject({
      code: expect.stringMatching(/^\d{6}$/),
    });
  });

  it('is refused to a ledger that is closed, with what to do', async () => {
    const { ledger, pair } = openLedger(settings);
    const [payer, payee] = await pair();
    await ledger.close();
    const refused = ledger.post(request({ debitAccountId: payer.id, creditAccountId: payee.id }));
    await expect(refused).rejects.toMatchObject({
      code: 'databaseUnavailable',
      message: 'the ledger takes no more requests: 0 wait',
      hint: 'ask again in a few seconds',
    });
  });
});
