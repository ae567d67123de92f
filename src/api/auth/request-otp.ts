import type { Holder } from '../accounts/holders.ts';
import { sendOtp } from '../accounts/register.ts';
import { writeAudit } from '../audit/write.ts';
import { refusedFor } from '../errors.ts';
import type { Language } from '../language.ts';
import type { Services } from '../services.ts';
import { countAttempts, counterKeys, otpRule } from './attempts.ts';

/** Longer than the work for a known number takes on a database that is not overloaded. */
const LEAST_DURATION_MS = 60;

/**
 * Sends a new code to a known number, in place of the one before. Unknown numbers are counted, limited, answered
 * and timed alike. Throws `otpRequestsExhausted`.
 */
export async function requestOtp(services: Services, telephone: string, language: Language): Promise<void> {
  const { clock } = services;
  const startedMs = clock.monotonicMs();
  const holder = await services.holder(telephone);
  await countRequest(services, telephone, holder);
  if (holder !== undefined && holder.user.status !== 'suspended') {
    const user = { userId: holder.user.id, telephone };
    await services.database.transaction(async (trx) => {
      await sendOtp(services, trx, user, language);
      const event = { action: 'otp.requested', subjectId: user.userId } as const;
      await writeAudit(trx, services.database.dialect, [event], clock.now());
    });
  }
  await clock.sleep(Math.max(0, startedMs + LEAST_DURATION_MS - clock.monotonicMs()));
}

async function countRequest(
  services: Services,
  telephone: string,
  holder: Holder | undefined,
): Promise<void> {
  const { kysely } = services.database;
  const { otp_requests_per_hour } = await kysely
    .selectFrom('limit_rules')
    .select('otp_requests_per_hour')
    .where('kyc_level', '=', holder?.user.kycLevel ?? 'unidentified')
    .executeTakeFirstOrThrow();
  const rule = otpRule(otp_requests_per_hour);
  const keys = counterKeys(services.keys.attempts, rule, telephone);
  const waitMs = await countAttempts(services.database, { rule, keys, now: services.clock.now() });
  if (waitMs > 0) throw refusedFor('otpRequestsExhausted', waitMs);
}
