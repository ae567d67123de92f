import type { ExpressionBuilder, Kysely } from 'kysely';
import { uuidv7 } from '../../core/ids.ts';
import type { KeyRing } from '../auth/keys.ts';
import type { Schema } from '../db/schema.ts';
import type { OutgoingMessage } from '../ledger/types.ts';
import { openBody, sealBody } from './seal.ts';

/** A message that failed this often is left in the table, undelivered. */
export const MAX_ATTEMPTS = 12;
/** More waiting than this is a warning. */
export const WAITING_WARNING = 1_000;

/** Writes a message in the caller's transaction: it leaves if, and only if, that commits. */
export async function enqueue(
  connection: Kysely<Schema>,
  message: OutgoingMessage,
  sealing: { readonly key: KeyRing; readonly now: number },
): Promise<void> {
  await connection
    .insertInto('outbox')
    .values({
      id: uuidv7(sealing.now),
      channel: message.channel,
      recipient: message.recipient,
      body_encrypted: sealBody(sealing.key, message.body),
      created_at_ms: sealing.now,
      available_at_ms: sealing.now,
      attempts: 0,
      delivered_at_ms: 0,
    })
    .execute();
}

/** How many messages still have to leave, counted up to 1001. */
export async function countWaiting(kysely: Kysely<Schema>): Promise<number> {
  const waiting = await kysely
    .selectFrom('outbox')
    .select('id')
    .where('delivered_at_ms', '=', 0)
    .where('attempts', '<', MAX_ATTEMPTS)
    .limit(WAITING_WARNING + 1)
    .execute();
  return waiting.length;
}

export interface OutboxMessage {
  readonly id: string;
  readonly channel: 'sms' | 'mail';
  readonly recipient: string;
  readonly body: string;
  readonly createdAtMs: number;
  readonly attempts: number;
  /** 0 until delivered. */
  readonly deliveredAtMs: number;
}

/**
 * The newest messages, decrypted, the newest last: where the one-time codes of a local environment are read.
 * @param options.dead only those that were given up.
 */
export async function readOutbox(
  kysely: Kysely<Schema>,
  key: KeyRing,
  options: { readonly limit: number; readonly dead?: boolean },
): Promise<readonly OutboxMessage[]> {
  const messages = kysely.selectFrom('outbox').selectAll();
  const rows = await (options.dead === true ? messages.where(isDead) : messages)
    // Ids are UUIDv7: their order is that of time, and the primary key gives it without a sort.
    .orderBy('id', 'desc')
    .limit(options.limit)
    .execute();
  return rows.toReversed().map((row) => ({
    id: row.id,
    channel: row.channel,
    recipient: row.recipient,
    body: openBody(key, row.body_encrypted),
    createdAtMs: row.created_at_ms,
    attempts: row.attempts,
    deliveredAtMs: row.delivered_at_ms,
  }));
}

/** Has those that were given up tried again at once; gives how many. */
export async function reviveDead(kysely: Kysely<Schema>, now: number): Promise<number> {
  const revived = await kysely
    .updateTable('outbox')
    .set({ attempts: 0, available_at_ms: now })
    .where(isDead)
    .executeTakeFirst();
  return Number(revived.numUpdatedRows);
}

function isDead({ and, eb }: ExpressionBuilder<Schema, 'outbox'>) {
  return and([eb('delivered_at_ms', '=', 0), eb('attempts', '>=', MAX_ATTEMPTS)]);
}
