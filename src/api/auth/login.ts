import { type Holder, holderOf, selectHolders } from '../accounts/holders.ts';
import { ApiError, refusedFor } from '../errors.ts';
import type { Services } from '../services.ts';
import { countAttempt, counterKey, forgetAttempts, PASSWORD_RULE } from './attempts.ts';
import { spendOtp } from './otp.ts';
import { issueTokens, type Tokens } from './sessions.ts';

export interface Credentials {
  /** E.164. */
  readonly telephone: string;
  readonly password: string;
}

/** Tokens against a password. */
export async function login(services: Services, credentials: Credentials): Promise<Tokens> {
  return enter(services, await provePassword(services, credentials));
}

/**
 * The holder whose password it is. Known and unknown numbers cost the same work and are locked alike.
 * Throws `credentialsInvalid`, `passwordLocked`.
 */
export async function provePassword(services: Services, credentials: Credentials): Promise<Holder> {
  const { database, clock } = services;
  const now = clock.now();
  const key = counterKey(services.keys.attempts, PASSWORD_RULE, credentials.telephone);
  const waitMs = await countAttempt(database, { rule: PASSWORD_RULE, key, now });
  if (waitMs > 0) throw refusedFor('passwordLocked', waitMs);
  const row = await selectHolders(database.kysely)
    .select('users.password_hash')
    .where('users.telephone', '=', credentials.telephone)
    .executeTakeFirst();
  const right = await services.passwords.verify(credentials.password, row?.password_hash ?? null);
  if (row === undefined || !right) throw new ApiError('credentialsInvalid');
  await forgetAttempts(database, key);
  return holderOf(row);
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
      key: keys.otp,
      userId: holder.user.id,
      code: given.code,
      now: clock.now(),
    }));
  if (!spent) throw new ApiError('otpInvalid');
  const user = await activate(services, holder.user);
  return { user, tokens: await enter(services, { ...holder, user }) };
}

async function activate(services: Services, user: Holder['user']): Promise<Holder['user']> {
  if (user.status !== 'pending_verification') return user;
  await services.database.kysely
    .updateTable('users')
    .set({ status: 'active' })
    .where('id', '=', user.id)
    .where('status', '=', 'pending_verification')
    .execute();
  return { ...user, status: 'active' };
}

function enter(services: Services, { user }: Holder): Promise<Tokens> {
  if (user.status !== 'active') throw new ApiError('userNotActive');
  return issueTokens(services.database.kysely, { userId: user.id, now: services.clock.now() });
}
