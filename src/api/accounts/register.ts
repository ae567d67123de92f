import type { Kysely } from 'kysely';
import { writeAudit } from '../audit/write.ts';
import { issueOtp } from '../auth/otp.ts';
import type { Schema } from '../db/schema.ts';
import { ApiError } from '../errors.ts';
import { inLanguage, type Language } from '../language.ts';
import { enqueue } from '../outbox/queue.ts';
import { SMS } from '../sentences.ts';
import type { Services } from '../services.ts';
import type { Holder } from './holders.ts';
import { type NewUser, openAccount } from './open.ts';

export interface Registration {
  readonly user: Omit<NewUser, 'password_hash' | 'status' | 'kyc_level'>;
  readonly password: string;
  readonly kind: 'customer' | 'merchant';
  readonly language: Language;
}

/**
 * A new customer or merchant, to be activated by the code that leaves in the same transaction.
 * Its id card is only declared, so it is `unidentified` until staff has seen it. Throws `phoneTaken` or `cniTaken`.
 */
export async function register(services: Services, registration: Registration): Promise<Holder['user']> {
  const { database, clock } = services;
  const now = clock.now();
  const user: NewUser = {
    ...registration.user,
    password_hash: await services.passwords.hash(registration.password),
    status: 'pending_verification',
    kyc_level: 'unidentified',
  };
  const opened = await database.transaction(async (trx) => {
    const account = await openAccount(database.dialect, trx, { user, kind: registration.kind, now });
    if (account === undefined) return undefined;
    await sendOtp(services, trx, { ...user, ...account }, registration.language);
    const { userId } = account;
    const event = { action: 'user.registered', actorId: userId, subjectId: userId } as const;
    await writeAudit(trx, database.dialect, [event], now);
    return account;
  });
  if (opened === undefined) throw await conflictOf(services, user.telephone);
  const { nom, prenom, telephone, status, kyc_level } = user;
  return { id: opened.userId, nom, prenom, telephone, status, kycLevel: kyc_level };
}

/** Makes the user's one live code and its SMS, in the caller's transaction. */
export async function sendOtp(
  services: Services,
  trx: Kysely<Schema>,
  user: { readonly userId: string; readonly telephone: string },
  language: Language,
): Promise<void> {
  const now = services.clock.now();
  const code = await issueOtp(services.database, trx, { keys: services.keys.otp, userId: user.userId, now });
  const body = inLanguage(SMS.otp, language, { code });
  await enqueue(trx, { channel: 'sms', recipient: user.telephone, body }, { key: services.keys.outbox, now });
}

/** The user was refused by a unique key: the phone number's, else the id card's. */
async function conflictOf(services: Services, telephone: string): Promise<ApiError> {
  return new ApiError((await services.holder(telephone)) === undefined ? 'cniTaken' : 'phoneTaken');
}
