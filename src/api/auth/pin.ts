import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { PinRow, Schema } from '../db/schema.ts';
import type { KeyRing } from './keys.ts';

const SALT_BYTES = 16;

/** The contract's: what anybody would try first. */
const WEAK: ReadonlySet<string> = new Set(['0000', '1111', '1234', '4321']);

export function isWeakPin(pin: string): boolean {
  return WEAK.has(pin);
}

/** What is kept of a PIN. Ten thousand values are no secret by themselves: the key outside the database makes them one. */
export type SealedPin = Pick<PinRow, 'salt' | 'pin_hmac' | 'key_id'>;

export interface PinOwner {
  readonly keys: KeyRing;
  readonly userId: string;
}

/** Under a new salt. */
export function sealPin(owner: PinOwner, pin: string): SealedPin {
  const salt = randomBytes(SALT_BYTES).toString('hex');
  const [{ id, key }] = owner.keys;
  return { salt, pin_hmac: hmacOf({ key, userId: owner.userId }, salt, pin), key_id: id };
}

/** Under whichever key of the ring it was sealed. */
export function isPin({ keys, userId }: PinOwner, sealed: SealedPin, pin: string): boolean {
  return keys.some(({ key }) => {
    const given = hmacOf({ key, userId }, sealed.salt, pin);
    return timingSafeEqual(Buffer.from(given), Buffer.from(sealed.pin_hmac));
  });
}

/** Whether it is to be sealed anew, as the key it is under will go. */
export function isUnderOlderKey({ keys }: Pick<PinOwner, 'keys'>, { key_id }: SealedPin): boolean {
  return key_id !== keys[0].id;
}

function hmacOf(
  { key, userId }: { readonly key: Buffer; readonly userId: string },
  salt: string,
  pin: string,
): string {
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
