import type { Kysely } from 'kysely';
import type { Holder } from '../accounts/holders.ts';
import { writeAudit } from '../audit/write.ts';
import type { Schema } from '../db/schema.ts';
import { ApiError } from '../errors.ts';
import { fieldsError } from '../http/validation.ts';
import { inLanguage, type Language, type Sentence } from '../language.ts';
import { enqueue } from '../outbox/queue.ts';
import { SMS } from '../sentences.ts';
import type { Services } from '../services.ts';
import { provePassword } from './login.ts';
import { isWeakPin, sealPin } from './pin.ts';
import { provePin } from './pin-check.ts';

const WEAK: Sentence = {
  fr: 'Ce code PIN est trop facile à deviner.',
  en: 'This PIN is too easy to guess.',
};

/**
 * A user's first PIN, against the password; the user is told by SMS. Throws `validationFailed` for a weak one,
 * `credentialsInvalid`, `passwordLocked`, and `pinAlreadySet`: the password alone must not replace what guards the money.
 */
export async function setPin(
  services: Services,
  user: Holder['user'],
  given: { readonly pin: string; readonly password: string; readonly language: Language },
): Promise<void> {
  if (isWeakPin(given.pin)) throw fieldsError({ pin: [WEAK] });
  await provePassword(services, { telephone: user.telephone, password: given.password });
  const { database, clock, keys } = services;
  const now = clock.now();
  const sealed = sealPin({ keys: keys.pin, userId: user.id }, given.pin);
  const row = { user_id: user.id, ...sealed, created_at_ms: now, changed_at_ms: now };
  const set = await database.transaction(async (trx) => {
    const inserted = await database.dialect.insertIfAbsent(trx, 'pins', row);
    if (inserted)
      await tell(services, trx, user, { action: 'pin.set', body: inLanguage(SMS.pinSet, given.language) });
    return inserted;
  });
  if (!set) throw new ApiError('pinAlreadySet');
}

/**
 * A new PIN against the old one; the user is told by SMS. Throws `validationFailed` for a weak one, `pinNotSet`,
 * `pinInvalid` (also when another change came first), `pinLocked`.
 */
export async function changePin(
  services: Services,
  user: Holder['user'],
  given: { readonly oldPin: string; readonly newPin: string; readonly language: Language },
): Promise<void> {
  if (isWeakPin(given.newPin)) throw fieldsError({ new_pin: [WEAK] });
  const old = await services.pin(user.id);
  if (old === undefined) throw new ApiError('pinNotSet');
  await provePin(services, old, given.oldPin);
  const sealed = sealPin({ keys: services.keys.pin, userId: user.id }, given.newPin);
  const changed = await services.database.transaction(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('pins')
      .set({ ...sealed, changed_at_ms: services.clock.now() })
      .where('user_id', '=', user.id)
      .where('changed_at_ms', '=', old.changed_at_ms)
      .executeTakeFirst();
    const body = inLanguage(SMS.pinChanged, given.language);
    if (numUpdatedRows === 1n) await tell(services, trx, user, { action: 'pin.changed', body });
    return numUpdatedRows === 1n;
  });
  if (!changed) throw new ApiError('pinInvalid');
}

/** The user, and the audit trail. */
async function tell(
  { database, keys, clock }: Services,
  trx: Kysely<Schema>,
  { id, telephone }: Holder['user'],
  { action, body }: { readonly action: 'pin.set' | 'pin.changed'; readonly body: string },
): Promise<void> {
  const now = clock.now();
  await enqueue(trx, { channel: 'sms', recipient: telephone, body }, { key: keys.outbox, now });
  await writeAudit(trx, database.dialect, [{ action, actorId: id, subjectId: id }], now);
}
