import type { Clock } from '../../core/clock.ts';
import type { KeyRing } from '../auth/keys.ts';
import type { Database } from '../db/open.ts';
import type { OutboxRow } from '../db/schema.ts';
import type { Logger } from '../log.ts';
import type { Deliver } from './drivers.ts';
import { openBody } from './seal.ts';

/** Longer than a whole batch may take, so that no second process sends what one is sending. */
export const LEASE_MS = 120_000;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 3_600_000;

export interface DeliveryParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly key: KeyRing;
  readonly deliver: Deliver;
  readonly log: Logger;
}

/** A message that was handed on, and how often it had been tried then: each try is claimed once. */
export interface Handed {
  readonly id: string;
  readonly attempts: number;
}

/**
 * Tries one message that was handed on; nothing happens when that try was made already, by whomever.
 * Delivered at least once: a process that dies between sending and noting it leaves the message to be sent again.
 */
export async function deliverHanded(parts: DeliveryParts, handed: Handed): Promise<void> {
  const row = await claim(parts, handed);
  if (row !== undefined && (await deliverRow(parts, row))) await markDelivered(parts, [row.id]);
}

async function claim({ database, clock }: DeliveryParts, handed: Handed): Promise<OutboxRow | undefined> {
  const claimed = await database.kysely
    .updateTable('outbox')
    .set({ available_at_ms: clock.now() + LEASE_MS, attempts: handed.attempts + 1 })
    .where('id', '=', handed.id)
    .where('attempts', '=', handed.attempts)
    .where('delivered_at_ms', '=', 0)
    .executeTakeFirst();
  if (claimed.numUpdatedRows === 0n) return undefined;
  const row = database.kysely.selectFrom('outbox').selectAll().where('id', '=', handed.id);
  return { ...(await row.executeTakeFirstOrThrow()), attempts: handed.attempts };
}

/** Whether it left; if not, it waits longer each time. @param row as it was before this try. */
export async function deliverRow(parts: DeliveryParts, row: OutboxRow): Promise<boolean> {
  const { id, channel, recipient } = row;
  try {
    await parts.deliver({ id, channel, recipient, body: openBody(parts.key, row.body_encrypted) });
    return true;
  } catch (error) {
    parts.log.warn({ err: error, message_id: id, attempts: row.attempts + 1 }, 'a message did not leave');
    await retryLater(parts, row);
    return false;
  }
}

async function retryLater({ database, clock }: DeliveryParts, row: OutboxRow): Promise<void> {
  const waitMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** row.attempts);
  await database.kysely
    .updateTable('outbox')
    .set({ available_at_ms: clock.now() + waitMs })
    .where('id', '=', row.id)
    .execute();
}

export async function markDelivered(
  { database, clock }: DeliveryParts,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  await database.kysely
    .updateTable('outbox')
    .set({ delivered_at_ms: clock.now() })
    .where('id', 'in', ids)
    .execute();
}
