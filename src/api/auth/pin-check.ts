import type { PinRow } from '../db/schema.ts';
import { ApiError, refusedFor } from '../errors.ts';
import type { Services } from '../services.ts';
import { countAttempt, counterKey, forgetAttempts, PIN_RULE } from './attempts.ts';
import { isPin } from './pin.ts';

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
  const key = counterKey(keys.attempts, PIN_RULE, userId);
  return services.pinTurns.run(userId, async () => {
    const waitMs = await countAttempt(database, { rule: PIN_RULE, key, now: services.clock.now() });
    if (waitMs > 0) throw refusedFor('pinLocked', waitMs);
    if (!isPin({ key: keys.pin, userId }, pin, given)) throw new ApiError('pinInvalid');
    await forgetAttempts(database, key);
  });
}
