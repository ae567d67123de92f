import { OmpayError } from '../../core/errors.ts';
import { writeAudit } from '../audit/write.ts';
import { holderByPhone } from './holders.ts';
import { toE164 } from './phone.ts';
import type { StaffTools } from './staff.ts';

/**
 * Records that staff has seen the customer's id card: its limits become those of an identified holder
 * (BCEAO Instruction 008-05-2015). Idempotent. Throws `notFound` when the number is no unidentified or identified customer's.
 */
export async function identifyCustomer(
  { database, clock, staff }: Pick<StaffTools, 'database' | 'clock' | 'staff'>,
  telephone: string,
): Promise<void> {
  const holder = await holderByPhone(database.kysely, toE164(telephone));
  const level = holder?.user.kycLevel;
  if (holder === undefined || (level !== 'unidentified' && level !== 'identified')) {
    throw new OmpayError('notFound', `no customer has the phone number "${telephone}"`, {
      hint: 'the number is nine digits, as at registration',
    });
  }
  const { id: subjectId } = holder.user;
  await database.transaction(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('users')
      .set({ kyc_level: 'identified' })
      .where('id', '=', subjectId)
      .where('kyc_level', '=', 'unidentified')
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return;
    const event = { action: 'customer.identified', staff, subjectId } as const;
    await writeAudit(trx, database.dialect, [event], clock.now());
  });
}
