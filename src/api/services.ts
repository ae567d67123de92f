import type { ApiSettings } from '../config/settings.ts';
import type { Clock } from '../core/clock.ts';
import { type Holder, holdersByPhone, merchantsByCode } from './accounts/holders.ts';
import { type AuditTrail, createAuditTrail } from './audit/trail.ts';
import { type ApplicationKeys, deriveRing, type KeyRing, sharedKey } from './auth/keys.ts';
import { createPasswordHasher, type PasswordHasher } from './auth/passwords.ts';
import { pinsOf } from './auth/pin.ts';
import { createSessions, type Sessions } from './auth/sessions.ts';
import { createTurns, type Turns } from './auth/turns.ts';
import { type CoalescedRead, coalesce } from './db/coalesce.ts';
import type { Database } from './db/open.ts';
import type { PinRow } from './db/schema.ts';
import type { RateLimiter } from './http/rates.ts';
import type { Ledger } from './ledger/types.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import { createRepeats, type Repeats } from './money/repeats.ts';
import type { Readiness } from './readiness.ts';
import type { RedisLink } from './redis/link.ts';
import { createRates, createSessionCacheOf } from './redis/use.ts';
import type { ErrorReporter } from './sentry/reporter.ts';

/** Made by the process's entry (or a test), and given to everything below. */
export interface Foundations {
  readonly settings: ApiSettings;
  readonly database: Database;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly redis: RedisLink;
  readonly readiness: Readiness;
  readonly errors: ErrorReporter;
}

/** What the routes use. */
export interface Services extends Foundations {
  readonly keys: Keys;
  readonly audit: AuditTrail;
  readonly passwords: PasswordHasher;
  readonly sessions: Sessions;
  readonly rates: RateLimiter;
  readonly repeats: Repeats;
  /** PINs of one user are tried one after the other. */
  readonly pinTurns: Turns;
  /** A holder by phone number (E.164); the lookups of a moment share one query. */
  readonly holder: CoalescedRead<string, Holder>;
  /** A merchant by its code; the same. */
  readonly merchant: CoalescedRead<string, Holder>;
  /** A PIN by user id; the same. */
  readonly pin: CoalescedRead<string, PinRow>;
  /** By account id; the same. */
  readonly balance: CoalescedRead<string, Funds>;
}

export interface Funds {
  /** XOF that can be spent. */
  readonly availableXof: number;
  /** XOF that pending withdrawals hold. */
  readonly heldXof: number;
}

export interface Keys {
  readonly otp: KeyRing;
  readonly outbox: KeyRing;
  readonly attempts: KeyRing;
  /** Of the codes of customers' operations. */
  readonly hold: KeyRing;
  readonly pin: KeyRing;
}

const MAX_BATCH = 256;

export function createServices(foundations: Foundations): Services {
  const { database, clock, settings } = foundations;
  const keys = deriveKeys(settings);
  return {
    ...foundations,
    keys,
    audit: createAuditTrail(database, clock),
    passwords: createPasswordHasher(),
    sessions: createSessions(database, clock, createSessionCacheOf(foundations)),
    repeats: createRepeats(clock),
    rates: createRates(foundations, sharedKey(keys.attempts)),
    pinTurns: createTurns(),
    merchant: coalesce((codes: readonly string[]) => merchantsByCode(database.kysely, codes), {
      maxBatch: MAX_BATCH,
    }),
    pin: coalesce((ids: readonly string[]) => pinsOf(database.kysely, ids), { maxBatch: MAX_BATCH }),
    holder: coalesce((phones: readonly string[]) => holdersByPhone(database.kysely, phones), {
      maxBatch: MAX_BATCH,
    }),
    balance: coalesce((ids: readonly string[]) => balancesOf(database, ids), { maxBatch: MAX_BATCH }),
  };
}

export function deriveKeys(application: ApplicationKeys): Keys {
  return {
    otp: deriveRing(application, 'otp'),
    outbox: deriveRing(application, 'outbox'),
    attempts: deriveRing(application, 'attempts'),
    hold: deriveRing(application, 'hold'),
    pin: deriveRing(application, 'pin'),
  };
}

async function balancesOf(database: Database, ids: readonly string[]): Promise<Map<string, Funds>> {
  const rows = await database.kysely
    .selectFrom('accounts')
    .select(['id', 'balance', 'held'])
    .where('id', 'in', ids)
    .execute();
  return new Map(rows.map(({ id, balance, held }) => [id, { availableXof: balance - held, heldXof: held }]));
}
