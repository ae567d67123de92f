import type { Clock } from '../../core/clock.ts';
import type { KeyRing } from '../auth/keys.ts';
import type { Session, SessionCache } from '../auth/sessions.ts';
import { openBody, sealBody } from '../outbox/seal.ts';
import type { RedisLink } from './link.ts';

/** From the reading of the database on, what was read may be used this long. */
const LEASE_MS = 2_000;
/** How far apart the clocks of two machines may be. */
const CLOCK_SKEW_MS = 500;
const PAST_ALL_LEASES_MS = LEASE_MS + CLOCK_SKEW_MS;
const USER_ID_CHARACTERS = 36;

/** A session's value begins with its user's id; while that user is revoked, none is given. */
const READ = `
local answer = {}
for i = 2, #KEYS do
  local kept = redis.call('GET', KEYS[i])
  local revoked = kept and redis.call('EXISTS', KEYS[1] .. string.sub(kept, 1, ${USER_ID_CHARACTERS})) == 1
  answer[i - 1] = kept and not revoked and kept or ''
end
return answer`;

const KEEP = `
if redis.call('EXISTS', KEYS[1] .. string.sub(ARGV[1], 1, ${USER_ID_CHARACTERS})) == 1 then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PXAT', ARGV[2])
return 1`;

export interface SessionCacheParts {
  readonly redis: RedisLink;
  readonly clock: Clock;
  /** Of the keys in Redis. */
  readonly prefix: string;
  /** What is kept names people, so it is sealed. */
  readonly secret: KeyRing;
}

/**
 * Sessions as they were read, leased for LEASE_MS. Revoking is at once in spite of it: a note of the revocation stops
 * every lease of the user and any that would be written late; and where Redis does not take the note, it is not said
 * to be done before the last lease has run out, whoever can still reach Redis.
 */
export function createSessionCache({ redis, clock, prefix, secret }: SessionCacheParts): SessionCache {
  // The form of what is kept is part of the key: two releases run side by side.
  const keyOf = (hash: string): string => `${prefix}:session:1:${hash}`;
  const revoked = `${prefix}:revoked:`;

  function opened(kept: string): Session | undefined {
    if (kept === '') return undefined;
    const { session, untilMs }: Kept = JSON.parse(openBody(secret, kept.slice(USER_ID_CHARACTERS)));
    return untilMs > clock.now() ? session : undefined;
  }

  return {
    async read(hashes) {
      const keys = hashes.map(keyOf);
      const answer: unknown = await redis.ask((client) =>
        client.eval(READ, keys.length + 1, revoked, ...keys),
      );
      const kept = Array.isArray(answer) ? answer.map(String) : [];
      return new Map(
        hashes.flatMap((hash, index) => {
          const session = opened(kept[index] ?? '');
          return session === undefined ? [] : [[hash, session] as const];
        }),
      );
    },
    async keep(hash, session, readAtMs) {
      const untilMs = readAtMs + LEASE_MS;
      const kept: Kept = { session, untilMs };
      const value = session.holder.user.id + sealBody(secret, JSON.stringify(kept));
      await redis.ask((client) => client.eval(KEEP, 2, revoked, keyOf(hash), value, untilMs));
    },
    async forget(userId) {
      const note = await redis.ask((client) =>
        client.set(`${revoked}${userId}`, '', 'PX', 2 * PAST_ALL_LEASES_MS),
      );
      if (note === undefined) await clock.sleep(PAST_ALL_LEASES_MS);
    },
  };
}

interface Kept {
  readonly session: Session;
  /** Epoch milliseconds. */
  readonly untilMs: number;
}
