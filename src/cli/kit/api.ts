import type { PasswordHasher } from '../../api/auth/passwords.ts';
import { createPasswordHasher } from '../../api/auth/passwords.ts';
import { type Database, openDatabase } from '../../api/db/open.ts';
import { createLedger } from '../../api/ledger/ledger.ts';
import type { Ledger } from '../../api/ledger/types.ts';
import { sealBody } from '../../api/outbox/seal.ts';
import { deriveKeys, type Keys } from '../../api/services.ts';
import { loadApiSettings } from '../../config/load.ts';
import type { ApiSettings, DatabaseSettings } from '../../config/settings.ts';
import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import type { Layout } from '../../core/layout.ts';
import { readEnvironment } from '../../deploy/environment.ts';
import { actor } from '../operation.ts';

/** The API's own functions, on the installation's database, for staff commands and deploys. */
export interface ApiKit {
  readonly settings: ApiSettings;
  readonly database: Database;
  readonly ledger: Ledger;
  readonly keys: Keys;
  readonly passwords: PasswordHasher;
  readonly clock: Clock;
  /** Who acts, for the audit trail. */
  readonly staff: string;
}

/** What the installation's API runs with. Throws `notFound` before the first deploy. */
export function apiSettings(layout: Layout): ApiSettings {
  const variables = readEnvironment(layout.environment);
  if (variables.APP_KEY === undefined) {
    throw new OmpayError('notFound', `nothing is deployed under ${layout.state} yet`, {
      hint: 'ompay deploy',
    });
  }
  return loadApiSettings(variables);
}

/** Opens the kit for the time of `work` and closes it whatever happens. Throws `databaseUnavailable` when it is away. */
export async function withApi<T>(
  layout: Layout,
  clock: Clock,
  work: (kit: ApiKit) => Promise<T>,
  change: Partial<Pick<DatabaseSettings, 'statementTimeoutMs'>> = {},
): Promise<T> {
  const settings = apiSettings(layout);
  const keys = deriveKeys(settings);
  const database = openDatabase({ ...settings.database, ...change });
  try {
    const sealMessage = (body: string): string => sealBody(keys.outbox, body);
    // Nobody reads a command's metrics; its errors reach the caller by themselves.
    const ledger = createLedger({ db: database, clock, sealMessage, onBatch: () => {}, onError: () => {} });
    try {
      return await work({
        settings,
        database,
        ledger,
        keys,
        passwords: createPasswordHasher(),
        clock,
        staff: actor(),
      });
    } finally {
      await ledger.close();
    }
  } finally {
    await database.close();
  }
}
