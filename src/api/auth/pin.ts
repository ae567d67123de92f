import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { PinRow, Schema } from '../db/schema.ts';

const SALT_BYTES = 16;

/** The contract's: what anybody would try first. */
const WEAK: ReadonlySet<string> = new Set(['0000', '1111', '1234', '4321']);

export function isWeakPin(pin: string): boolean {
  return WEAK.has(pin);
}

/** What is kept of a PIN. Ten thousand values are no secret by themselves: the key outside the database makes them one. */
export type SealedPin = Pick<PinRow, 'salt' | 'pin_hmac'>;

export interface PinOwner {
  readonly key: Buffer;
  readonly userId: string;
}

/** Under a new salt. */
export function sealPin(owner: PinOwner, pin: string): SealedPin {
  const salt = randomBytes(SALT_BYTES).toString('hex');
  return { salt, pin_hmac: hmacOf(owner, salt, pin) };
}

export function isPin(owner: PinOwner, sealed: SealedPin, pin: string): boolean {
  const given = hmacOf(owner, sealed.salt, pin);
  return timingSafeEqual(Buffer.from(given), Buffer.from(sealed.pin_hmac));
}

function hmacOf({ key, userId }: PinOwner, salt: string, pin: string): string {
  return createHmac('sha256', key).update(`${userId}:${salt}:${pin}`).digest('hex');
}

/** By user id, one query for many. Users without a PIN are left out. */
export async function pinsOf(
  kysely: Kysely<Schema>,
  userIds: readonly string[],
): Promise<Map<string, PinRow>> {
  const rows = await kysely.selectFrom('pins').selectAll().where('user_id', 'in', userIds).execute();
  return new Map(rows.map((row) => [row.user_id, row]));
}
