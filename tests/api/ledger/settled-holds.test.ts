import { beforeAll, expect, it } from 'vitest';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import { describeOn, PGLITE } from '../../fixtures/databases.ts';
import { ending, reserve, resolveRequest } from '../../fixtures/holds.ts';
import { migratedDatabase, openLedger } from '../../fixtures/ledgers.ts';

describeOn([PGLITE], 'an operation that is settled', (server) => {
  let settings: DatabaseSettings;

  beforeAll(async () => {
    settings = await migratedDatabase(server());
  });

  it('is told as what it became, to who would void it and to who would expire it', async () => {
    const { ledger, pair } = openLedger(settings);
    const [customer] = await pair();
    const reserved = await reserve(ledger, { accountId: customer.id });
    expect(ending(await ledger.post(resolveRequest('void', reserved)))).toBe('voided');
    for (const operation of ['void', 'expire'] as const) {
      expect(await ledger.post(resolveRequest(operation, reserved))).toMatchObject({
        outcome: { refusal: { reason: 'holdNotPending', status: 'annule' } },
      });
    }
  });
});
