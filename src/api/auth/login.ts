import { type Holder, holderOf, selectHolders } from '../accounts/holders.ts';
import type { AuditEvent } from '../audit/event.ts';
import { writeAudit } from '../audit/write.ts';
import { ApiError, refusedFor } from '../errors.ts';
import type { Services } from '../services.ts';
import { countAttempts, counterKeys, forgetAttempts, PASSWORD_RULE } from './attempts.ts';
import { spendOtp } from './otp.ts';
import { issueTokens, type Tokens } from './sessions.ts';

export interface Credentials {
  /** E.164. */
  readonly telephone: string;
  readonly password: string;
}

/** Tokens against a password. */
export async function login(services: Services, credentials: Credentials): Promise<Tokens> {
  return enter(services, await provePassword(services, credentials), 'password');
}

/**
 * The holder whose password it is. Known and unknown numbers cost the same work and are locked alike.
 * Throws `credentialsInvalid`, `passwordLocked`.
 */
export async function provePassword(services: Services, credentials: Credentials): Promise<Holder> {
  const { database, clock } = services;
  const now = clock.now();
  const keys = counterKeys(services.keys.attempts, PASSWORD_RULE, credentials.telephone);
  const waitMs = await countAttempts(database, { rule: PASSWORD_RULE, keys, now });
  if (waitMs > 0) {
    await services.audit.recordSeldom(`locked:${keys[0]}`, refusedLogin('passwordLocked', null));
    throw refusedFor('passwordLocked', waitMs);
  }
  const row = await selectHolders(database.kysely)
    .select(['users.id as user_id', 'users.password_hash'])
    .where('users.telephone', '=', credentials.telephone)
    .executeTakeFirst();
  const right = await services.passwords.verify(credentials.password, row?.password_hash ?? null);
  if (row === undefined || !right) {
    await services.audit.record(refusedLogin('credentialsInvalid', row?.user_id ?? null));
    throw new ApiError('credentialsInvalid');
  }
  await forgetAttempts(database, keys);
  return holderOf(row);
}

/** Of a number that nobody has, there is no one to name. */
function refusedLogin(reason: string, userId: string | null): AuditEvent {
  return { action: 'login.refused', subjectId: userId, detail: { reason } };
}

export interface Verified {
  readonly user: Holder['user'];
  readonly tokens: Tokens;
}

/** Tokens against a one-time code; the first one activates a pending user. Throws `otpInvalid`, the same for all. */
export async function verifyOtp(
  services: Services,
  given: { readonly telephone: string; readonly code: string },
): Promise<Verified> {
  const { database, clock, keys } = services;
  const holder = await services.holder(given.telephone);
  const spent =
    holder !== undefined &&
    (await spendOtp(database, {
      keys: keys.otp,
      userId: holder.user.id,
      code: given.code,
      now: clock.now(),
    }));
  if (!spent) {
    const subjectId = holder?.user.id ?? null;
    await services.audit.record({ action: 'otp.refused', subjectId });
    throw new ApiError('otpInvalid');
  }
  const user = await activate(services, holder.user);
  return { user, tokens: await enter(services, { ...holder, user }, 'otp') };
}

async function activate(services: Services, user: Holder['user']): Promise<Holder['user']> {
  if (user.status !== 'pending_verification') return user;
  const { database, clock } = services;
  await database.transaction(async (trx) => {
    await trx
      .updateTable('users')
      .set({ status: 'active' })
      .where('id', '=', user.id)
      .where('status', '=', 'pending_verification')
      .execute();
    const event = { action: 'user.activated', actorId: user.id, subjectId: user.id } as const;
    await writeAudit(trx, database.dialect, [event], clock.now());
  });
  return { ...user, status: 'active' };
}

async function enter(services: Services, { user }: Holder, by: 'password' | 'otp'): Promise<Tokens> {
  const { database, clock, audit } = services;
  if (user.status !== 'active') {
    await audit.record(refusedLogin('userNotActive', user.id));
    throw new ApiError('userNotActive');
  }
  const now = clock.now();
  return database.transaction(async (trx) => {
    const tokens = await issueTokens(trx, { userId: user.id, now });
    const event = {
      action: 'login.succeeded',
      actorId: user.id,
      subjectId: user.id,
      detail: { by },
    } as const;
    await writeAudit(trx, database.dialect, [event], now);
    return tokens;
  });
}
