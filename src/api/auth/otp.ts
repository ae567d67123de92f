import { createHmac, randomInt, timingSafeEqual } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Database } from '../db/open.ts';
import type { Schema } from '../db/schema.ts';
import type { KeyRing } from './keys.ts';

const LIFETIME_MS = 5 * 60_000;
const MAX_TRIES = 5;

/** Makes the one live code of a user, in place of the one before; six digits. Only its HMAC is kept. */
export async function issueOtp(
  database: Pick<Database, 'dialect'>,
  connection: Kysely<Schema>,
  owner: { readonly keys: KeyRing; readonly userId: string; readonly now: number },
): Promise<string> {
  const code = String(randomInt(1_000_000)).padStart(6, '0');
  const row = {
    user_id: owner.userId,
    code_hmac: hmacOf(owner.keys[0].key, owner.userId, code),
    expires_at_ms: owner.now + LIFETIME_MS,
    tries: 0,
  };
  await database.dialect.upsertRows(connection, 'otps', [row], {
    key: ['user_id'],
    set: ['code_hmac', 'expires_at_ms', 'tries'],
  });
  return code;
}

/** Whether the code is the live one; each call is a try, counted before the comparison, and a right code is spent. */
export async function spendOtp(
  database: Database,
  attempt: { readonly keys: KeyRing; readonly userId: string; readonly code: string; readonly now: number },
): Promise<boolean> {
  const { userId, now } = attempt;
  const counted = await database.kysely
    .updateTable('otps')
    .set((column) => ({ tries: column('tries', '+', 1) }))
    .where('user_id', '=', userId)
    .where('tries', '<', MAX_TRIES)
    .where('expires_at_ms', '>', now)
    .executeTakeFirst();
  if (counted.numUpdatedRows === 0n) return false;
  const live = await database.kysely
    .selectFrom('otps')
    .select('code_hmac')
    .where('user_id', '=', userId)
    .execute();
  const given = attempt.keys
    .map(({ key }) => hmacOf(key, userId, attempt.code))
    .find((each) => live.some(({ code_hmac }) => timingSafeEqual(Buffer.from(code_hmac), Buffer.from(each))));
  return given !== undefined && (await deleteOtp(database, userId, given));
}

/** False when another request spent the same code first. */
async function deleteOtp(database: Database, userId: string, codeHmac: string): Promise<boolean> {
  const spent = await database.kysely
    .deleteFrom('otps')
    .where('user_id', '=', userId)
    .where('code_hmac', '=', codeHmac)
    .executeTakeFirst();
  return spent.numDeletedRows === 1n;
}

function hmacOf(key: Buffer, userId: string, code: string): string {
  return createHmac('sha256', key).update(`${userId}:${code}`).digest('hex');
}
