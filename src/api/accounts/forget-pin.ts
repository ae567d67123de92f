import { OmpayError } from '../../core/errors.ts';
import type { Database } from '../db/open.ts';
import { holderByPhone } from './holders.ts';
import { toE164 } from './phone.ts';

/**
 * Removes the PIN of a person who has shown staff who it is; another is set with the password. Idempotent: false when
 * there was none. Throws `notFound` when the number is nobody's.
 */
export async function forgetPin(database: Database, telephone: string): Promise<boolean> {
  const holder = await holderByPhone(database.kysely, toE164(telephone));
  if (holder === undefined) {
    throw new OmpayError('notFound', `nobody has the phone number "${telephone}"`, {
      hint: 'the number is nine digits, as at registration',
    });
  }
  const { numDeletedRows } = await database.kysely
    .deleteFrom('pins')
    .where('user_id', '=', holder.user.id)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
