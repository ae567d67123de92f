import { createHash, randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Clock } from '../../core/clock.ts';
import { type Holder, holderOf, selectHolders } from '../accounts/holders.ts';
import { writeAudit } from '../audit/write.ts';
import { type CoalescedRead, coalesce } from '../db/coalesce.ts';
import type { Database } from '../db/open.ts';
import type { Schema } from '../db/schema.ts';
import { ApiError } from '../errors.ts';

export const ACCESS_SECONDS = 900;
const REFRESH_MS = 30 * 24 * 3600 * 1000;
const TOKEN_BYTES = 32;
const MAX_BATCH = 256;

/** Who asks. */
export type Principal = Holder;

export interface Sessions {
  /**
   * The holder of a good access token. The database is asked at every request (those of a moment share one query),
   * or the cache where the request only reads; either way a revoked token is refused at once.
   * Throws `unauthenticated`.
   */
  authenticate(authorization: string | undefined, use: 'read' | 'write'): Promise<Principal>;
  /** Logs the user out everywhere, at once. Ended sessions are deleted, so only a traded token counts as reused. */
  end(userId: string, why?: 'session.ended' | 'session.reused'): Promise<void>;
}

export interface Session {
  readonly holder: Holder;
  readonly expiresAtMs: number;
}

/** Sessions as the database had them a moment ago, by the SHA-256 of their token. It may lose anything at any time. */
export interface SessionCache {
  read(hashes: readonly string[]): Promise<ReadonlyMap<string, Session>>;
  /** @param readAtMs when the database was asked, epoch milliseconds. */
  keep(hash: string, session: Session, readAtMs: number): Promise<void>;
  /** Once it resolves, nothing that was read before is given any more, by any process. */
  forget(userId: string): Promise<void>;
}

export function createSessions(database: Database, clock: Clock, cache: SessionCache | null): Sessions {
  const limits = { maxBatch: MAX_BATCH };
  const read = coalesce((hashes: readonly string[]) => readSessions(database.kysely, hashes), limits);
  const find = cache === null ? read : readThrough(cache, read, clock);
  return {
    async authenticate(authorization, use) {
      const token = /^Bearer ([\w-]{43})$/i.exec(authorization ?? '')?.[1];
      const session = token === undefined ? undefined : await (use === 'read' ? find : read)(hashOf(token));
      if (session === undefined || session.expiresAtMs <= clock.now()) throw new ApiError('unauthenticated');
      return session.holder;
    },
    async end(userId, action = 'session.ended') {
      await database.transaction(async (trx) => {
        await trx.deleteFrom('sessions').where('user_id', '=', userId).execute();
        await writeAudit(trx, database.dialect, [{ action, subjectId: userId }], clock.now());
      });
      await cache?.forget(userId);
    },
  };
}

function readThrough(
  cache: SessionCache,
  read: CoalescedRead<string, Session>,
  clock: Clock,
): CoalescedRead<string, Session> {
  const readKept = coalesce((hashes: readonly string[]) => cache.read(hashes), { maxBatch: MAX_BATCH });
  return async (hash) => {
    const kept = await readKept(hash);
    if (kept !== undefined) return kept;
    const readAtMs = clock.now();
    const session = await read(hash);
    if (session !== undefined) void cache.keep(hash, session, readAtMs);
    return session;
  };
}

async function readSessions(
  kysely: Kysely<Schema>,
  hashes: readonly string[],
): Promise<Map<string, Session>> {
  const rows = await selectHolders(kysely)
    .innerJoin('sessions', 'sessions.user_id', 'users.id')
    .select(['sessions.token_hash', 'sessions.expires_at_ms'])
    .where('sessions.token_hash', 'in', hashes)
    .where('sessions.kind', '=', 'access')
    .where('sessions.revoked_at_ms', '=', 0)
    .where('users.status', '=', 'active')
    .execute();
  return new Map(
    rows.map((row) => [row.token_hash, { holder: holderOf(row), expiresAtMs: row.expires_at_ms }]),
  );
}

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
}

/** A new pair; only the tokens' SHA-256 is kept (they are random, so a plain hash is enough). */
export async function issueTokens(
  connection: Kysely<Schema>,
  owner: { readonly userId: string; readonly now: number },
): Promise<Tokens> {
  const access = randomBytes(TOKEN_BYTES).toString('base64url');
  const refresh = randomBytes(TOKEN_BYTES).toString('base64url');
  const shared = { user_id: owner.userId, created_at_ms: owner.now, revoked_at_ms: 0 };
  await connection
    .insertInto('sessions')
    .values([
      {
        ...shared,
        token_hash: hashOf(access),
        kind: 'access',
        expires_at_ms: owner.now + ACCESS_SECONDS * 1000,
      },
      { ...shared, token_hash: hashOf(refresh), kind: 'refresh', expires_at_ms: owner.now + REFRESH_MS },
    ])
    .execute();
  return { access_token: access, refresh_token: refresh, token_type: 'Bearer', expires_in: ACCESS_SECONDS };
}

/**
 * Trades a refresh token for a new pair, once. One that was traded before has two holders, and one of them is a thief:
 * every session of its user ends (RFC 9700, 4.14.2). Throws `refreshTokenInvalid`.
 */
export async function refreshTokens(
  { database, sessions }: { readonly database: Database; readonly sessions: Sessions },
  token: string,
  now: number,
): Promise<Tokens> {
  const tokenHash = hashOf(token);
  const tokens = await database.transaction(async (trx) => {
    const userId = await spendRefreshToken(trx, tokenHash, now);
    if (userId === undefined) return undefined;
    const issued = await issueTokens(trx, { userId, now });
    const event = { action: 'session.refreshed', actorId: userId, subjectId: userId } as const;
    await writeAudit(trx, database.dialect, [event], now);
    return issued;
  });
  if (tokens !== undefined) return tokens;
  const owner = await ownerOfSpent(database, tokenHash);
  if (owner !== undefined) await sessions.end(owner.user_id, 'session.reused');
  throw new ApiError('refreshTokenInvalid');
}

async function spendRefreshToken(
  trx: Kysely<Schema>,
  tokenHash: string,
  now: number,
): Promise<string | undefined> {
  const spent = await trx
    .updateTable('sessions')
    .set({ revoked_at_ms: now })
    .where('token_hash', '=', tokenHash)
    .where('kind', '=', 'refresh')
    .where('revoked_at_ms', '=', 0)
    .where('expires_at_ms', '>', now)
    .executeTakeFirst();
  if (spent.numUpdatedRows === 0n) return undefined;
  const owner = await trx
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select('user_id')
    .where('token_hash', '=', tokenHash)
    .where('users.status', '=', 'active')
    .executeTakeFirst();
  return owner?.user_id;
}

function ownerOfSpent(database: Database, tokenHash: string) {
  return database.kysely
    .selectFrom('sessions')
    .select('user_id')
    .where('token_hash', '=', tokenHash)
    .where('revoked_at_ms', '>', 0)
    .executeTakeFirst();
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
