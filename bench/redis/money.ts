import { openDatabase } from '../../src/api/db/open.ts';
import type { DatabaseSettings } from '../../src/api/db/settings.ts';
import { checkInvariants } from '../../src/api/ledger/invariants.ts';

/** The rules of the ledger that do not hold any more. */
export async function brokenOf(settings: DatabaseSettings): Promise<readonly string[]> {
  const database = openDatabase({ ...settings, statementTimeoutMs: 60_000 });
  try {
    const found = Object.entries(await checkInvariants(database));
    return found.filter(([, value]) => value !== 0).map((each) => JSON.stringify(each));
  } finally {
    await database.close();
  }
}
