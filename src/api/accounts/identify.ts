import { OmpayError } from '../../core/errors.ts';
import type { Database } from '../db/open.ts';
import { toE164 } from './phone.ts';

/**
 * Records that staff has seen the customer's id card: its limits become those of an identified holder
 * (BCEAO Instruction 008-05-2015). Idempotent. Throws `notFound` when the number is no unidentified or identified customer's.
 */
export async function identifyCustomer(database: Database, telephone: string): Promise<void> {
  const { numUpdatedRows } = await database.kysely
    .updateTable('users')
    .set({ kyc_level: 'identified' })
    .where('telephone', '=', toE164(telephone))
    .where('kyc_level', 'in', ['unidentified', 'identified'])
    .executeTakeFirst();
  if (numUpdatedRows > 0n) return;
  throw new OmpayError('notFound', `no customer has the phone number "${telephone}"`, {
    hint: 'the number is nine digits, as at registration',
  });
}
