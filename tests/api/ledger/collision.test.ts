import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import { newReference } from '../../../src/api/ledger/reference.ts';
import { describeOn, MARIADB, PGLITE } from '../../fixtures/databases.ts';
import { migratedDatabase, openLedger } from '../../fixtures/ledgers.ts';
import { balanceOf, request } from '../../fixtures/people.ts';

// Two references of one second meet once in a billion: here chance is made to.
vi.mock('../../../src/api/ledger/reference.ts', { spy: true });

describeOn([PGLITE, MARIADB], 'a reference that is taken', (server) => {
  let settings: DatabaseSettings;

  beforeAll(async () => {
    settings = await migratedDatabase(server());
  });
  beforeEach(() => {
    vi.mocked(newReference).mockReset();
  });

  it('is replaced by another, and the transfer is posted once', async () => {
    const { db, ledger, pair } = openLedger(settings);
    const [payer, payee] = await pair();
    const asked = request({ debitAccountId: payer.id, creditAccountId: payee.id });
    vi.mocked(newReference).mockReturnValueOnce('TXN-taken').mockReturnValueOnce('TXN-taken');
    expect(await ledger.post(asked)).toMatchObject({ outcome: { transfer: { reference: 'TXN-taken' } } });
    const second = await ledger.post(asked);
    expect(second).toMatchObject({ kind: 'done', outcome: { kind: 'posted' } });
    expect(second).not.toMatchObject({ outcome: { transfer: { reference: 'TXN-taken' } } });
    expect(await balanceOf(db, payee.id)).toBe(200);
  });

  it('each time is an error for that request alone', async () => {
    const { db, ledger, pair } = openLedger(settings);
    const [payer, payee] = await pair();
    const asked = request({ debitAccountId: payer.id, creditAccountId: payee.id });
    vi.mocked(newReference).mockReturnValue('TXN-always');
    await ledger.post(asked);
    const refused = await ledger.post(asked).catch((error: unknown) => error);
    expect(db.dialect.isDuplicateKey(refused)).toBe(true);
    expect(await balanceOf(db, payee.id)).toBe(100);
  });
});
