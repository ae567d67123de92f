import type { AuditEvent } from '../audit/event.ts';
import type { PinRow } from '../db/schema.ts';
import { ApiError, refusedFor } from '../errors.ts';
import type { Services } from '../services.ts';
import { countAttempts, counterKeys, forgetAttempts, PIN_RULE } from './attempts.ts';
import { isPin, isUnderOlderKey, sealPin } from './pin.ts';

/** Lets a user without a PIN pass. Throws `pinRequired`, `pinInvalid`, `pinLocked`. */
export async function confirmPin(
  services: Services,
  userId: string,
  given: string | undefined,
): Promise<void> {
  const pin = await services.pin(userId);
  if (pin === undefined) return;
  if (given === undefined) throw new ApiError('pinRequired');
  await provePin(services, pin, given);
}

/**
 * Each try is counted, durably, before it is compared, and a right one forgets them. In turns, as otherwise five right
 * ones at the same moment would lock out the sixth. Throws `pinInvalid`, `pinLocked`.
 */
export function provePin(services: Services, pin: PinRow, given: string): Promise<void> {
  const { database, keys } = services;
  const userId = pin.user_id;
  const counters = counterKeys(keys.attempts, PIN_RULE, userId);
  return services.pinTurns.run(userId, async () => {
    const waitMs = await countAttempts(database, {
      rule: PIN_RULE,
      keys: counters,
      now: services.clock.now(),
    });
    if (waitMs > 0) {
      await services.audit.recordSeldom(`pin:${userId}`, refusedPin(userId, 'pinLocked'));
      throw refusedFor('pinLocked', waitMs);
    }
    if (!isPin({ keys: keys.pin, userId }, pin, given)) {
      await services.audit.record(refusedPin(userId, 'pinInvalid'));
      throw new ApiError('pinInvalid');
    }
    await forgetAttempts(database, counters);
    if (isUnderOlderKey({ keys: keys.pin }, pin)) await sealAnew(services, pin, given);
  });
}

function refusedPin(userId: string, reason: string): AuditEvent {
  return { action: 'pin.refused', actorId: userId, subjectId: userId, detail: { reason } };
}

/** The PIN stays the same, under the present key; one that was changed meanwhile stays as it is. */
async function sealAnew({ database, keys }: Services, pin: PinRow, given: string): Promise<void> {
  await database.kysely
    .updateTable('pins')
    .set(sealPin({ keys: keys.pin, userId: pin.user_id }, given))
    .where('user_id', '=', pin.user_id)
    .where('pin_hmac', '=', pin.pin_hmac)
    .execute();
}
