import { OmpayError } from '../../core/errors.ts';
import { writeAudit } from '../audit/write.ts';
import { holderByPhone } from './holders.ts';
import { toE164 } from './phone.ts';
import type { StaffTools } from './staff.ts';

/**
 * Removes the PIN of a person who has shown staff who it is; another is set with the password. Idempotent: false when
 * there was none. Throws `notFound` when the number is nobody's.
 */
export async function forgetPin(
  { database, clock, staff }: Pick<StaffTools, 'database' | 'clock' | 'staff'>,
  telephone: string,
): Promise<boolean> {
  const holder = await holderByPhone(database.kysely, toE164(telephone));
  if (holder === undefined) {
    throw new OmpayError('notFound', `nobody has the phone number "${telephone}"`, {
      hint: 'the number is nine digits, as at registration',
    });
  }
  const { id: subjectId } = holder.user;
  return database.transaction(async (trx) => {
    const { numDeletedRows } = await trx
      .deleteFrom('pins')
      .where('user_id', '=', subjectId)
      .executeTakeFirst();
    if (numDeletedRows === 0n) return false;
    await writeAudit(trx, database.dialect, [{ action: 'pin.forgotten', staff, subjectId }], clock.now());
    return true;
  });
}
