import { createHmac } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../db/open.ts';
import type { KeyRing } from './keys.ts';

/** So many in so long, kept in the database: a restart does not forget them. */
export interface AttemptRule {
  readonly name: 'password' | 'otp' | 'pin';
  readonly limit: number;
  readonly windowMs: number;
  /** Whether the window starts at the first attempt, or anew at each one. */
  readonly startsAt: 'first' | 'last';
}

/** The fifth wrong password locks for 15 minutes, counted from it. */
export const PASSWORD_RULE: AttemptRule = {
  name: 'password',
  limit: 5,
  windowMs: 15 * 60_000,
  startsAt: 'last',
};

/** The fifth wrong PIN locks for 15 minutes, counted from it. */
export const PIN_RULE: AttemptRule = { ...PASSWORD_RULE, name: 'pin' };

export function otpRule(requestsPerHour: number): AttemptRule {
  return { name: 'otp', limit: requestsPerHour, windowMs: 3_600_000, startsAt: 'first' };
}

export interface Attempt {
  readonly rule: AttemptRule;
  /** What counterKey gave. */
  readonly key: string;
  readonly now: number;
}

/**
 * Known and unknown phone numbers are counted alike, so that locks tell nothing of who is registered.
 * The number itself is not kept: its HMAC is, under a key outside the database.
 * @param subject a phone number (E.164); for PINs, which only a known user has, the user's id.
 */
export function counterKey(secret: Buffer, rule: Pick<AttemptRule, 'name'>, subject: string): string {
  return `${rule.name}:${createHmac('sha256', secret).update(subject).digest('hex')}`;
}

const LOOKS_AGAIN = 5;

/**
 * Counts one attempt before what it guards is tried, so that tries at the same time all count.
 * Gives 0 when it may go on, else how many milliseconds to wait; a refused attempt changes nothing.
 */
export async function countAttempt(
  database: Database,
  attempt: Attempt,
  looksLeft: number = LOOKS_AGAIN,
): Promise<number> {
  if (await countFirst(database, attempt)) return 0;
  if (await countNext(database, attempt)) return 0;
  const counter = await database.kysely
    .selectFrom('attempt_counters')
    .select('window_start_ms')
    .where('counter_key', '=', attempt.key)
    .executeTakeFirst();
  if (counter !== undefined)
    return Math.max(1, counter.window_start_ms + attempt.rule.windowMs - attempt.now);
  // A right one beside it has just removed the counter, which is no reason to refuse.
  return looksLeft === 0 ? 1 : countAttempt(database, attempt, looksLeft - 1);
}

function countFirst(database: Database, { key, now }: Attempt): Promise<boolean> {
  const row = { counter_key: key, window_start_ms: now, count: 1 };
  return database.dialect.insertIfAbsent(database.kysely, 'attempt_counters', row);
}

async function countNext(database: Database, { rule, key, now }: Attempt): Promise<boolean> {
  const endedBefore = now - rule.windowMs;
  const keptStart = sql<number>`case when window_start_ms <= ${endedBefore} then ${now} else window_start_ms end`;
  const counted = await database.kysely
    .updateTable('attempt_counters')
    // In this order: MySQL assigns from left to right, and the count needs the start as it was.
    .set({ count: sql<number>`case when window_start_ms <= ${endedBefore} then 1 else count + 1 end` })
    .set({ window_start_ms: rule.startsAt === 'last' ? now : keptStart })
    .where('counter_key', '=', key)
    .where((where) =>
      where.or([where('window_start_ms', '<=', endedBefore), where('count', '<', rule.limit)]),
    )
    .executeTakeFirst();
  return counted.numUpdatedRows === 1n;
}

/** The counters of one subject: under each known key, as every process counts under at least one of them. */
export function counterKeys(
  ring: KeyRing,
  rule: Pick<AttemptRule, 'name'>,
  subject: string,
): readonly string[] {
  return ring.map(({ key }) => counterKey(key, rule, subject));
}

/** Counts in every counter, until one refuses: while keys rotate, no process gives a try more than the others. */
export async function countAttempts(
  database: Database,
  { keys, ...attempt }: Omit<Attempt, 'key'> & { readonly keys: readonly string[] },
): Promise<number> {
  for (const key of keys) {
    const waitMs = await countAttempt(database, { ...attempt, key });
    if (waitMs > 0) return waitMs;
  }
  return 0;
}

const COUNTED_BY_PHONE: readonly AttemptRule['name'][] = ['password', 'otp'];

/** Forgets all that was counted for the phone numbers (E.164): wrong passwords and requests for codes. */
export async function forgetPhones(
  database: Database,
  ring: KeyRing,
  phones: readonly string[],
): Promise<void> {
  const keys = phones.flatMap((phone) =>
    COUNTED_BY_PHONE.flatMap((name) => counterKeys(ring, { name }, phone)),
  );
  await forgetAttempts(database, keys);
}

export async function forgetAttempts(database: Database, keys: readonly string[]): Promise<void> {
  await database.kysely.deleteFrom('attempt_counters').where('counter_key', 'in', keys).execute();
}
