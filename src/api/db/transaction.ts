import type { ControlledTransaction, Kysely, Transaction } from 'kysely';
import type { Clock } from '../../core/clock.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';
import type { Dialect } from './dialect.ts';
import { CommitUnknownError, isConnectionLost } from './errors.ts';
import { type DatabaseObserver, repeatCodeOf } from './observer.ts';
import type { Schema } from './schema.ts';

export type Work<T> = (trx: Transaction<Schema>) => Promise<T>;

export interface TransactionParts {
  readonly kysely: Kysely<Schema>;
  readonly dialect: Dialect;
  readonly clock: Clock;
  readonly observer: DatabaseObserver;
}

const MOST_ATTEMPTS = 5;
/** A run that took longer than this is not followed by another: its caller has waited enough. */
const RUN_AGAIN_WITHIN_MS = 6_000;
const FIRST_PAUSE_MS = 4;

/** Runs the work until it is committed; see Database.transaction for the contract. */
export async function runTransaction<T>(parts: TransactionParts, work: Work<T>): Promise<T> {
  const { clock, dialect, kysely, observer } = parts;
  const lastStartMs = clock.monotonicMs() + RUN_AGAIN_WITHIN_MS;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptTransaction(kysely, work);
    } catch (error) {
      if (!isConnectionLost(error) && !dialect.isRetryable(error)) throw error;
      if (attempt === MOST_ATTEMPTS || clock.monotonicMs() > lastStartMs) throw gaveUp(attempt, error);
      observer.repeated(repeatCodeOf(error));
      await clock.sleep(Math.random() * FIRST_PAUSE_MS * 2 ** attempt);
    }
  }
}

async function attemptTransaction<T>(kysely: Kysely<Schema>, work: Work<T>): Promise<T> {
  const trx = await kysely.startTransaction().execute();
  try {
    const result = await work(trx);
    await commit(trx);
    return result;
  } catch (error) {
    // The rollback of a dead connection fails too; it is the first error that tells why.
    await trx
      .rollback()
      .execute()
      .catch(() => {});
    throw error;
  }
}

async function commit(trx: ControlledTransaction<Schema>): Promise<void> {
  try {
    await trx.commit().execute();
  } catch (error) {
    throw isConnectionLost(error) ? new CommitUnknownError(error) : error;
  }
}

function gaveUp(attempts: number, cause: unknown): OmpayError {
  return new OmpayError(
    'databaseUnavailable',
    `a transaction was run ${attempts} times and nothing of it was kept: ${messageOf(cause)}`,
    { hint: 'ask again; if it goes on, see what holds locks in the database', cause },
  );
}
