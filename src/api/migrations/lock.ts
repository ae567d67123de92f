import { hostname } from 'node:os';
import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import { uuidv7 } from '../../core/ids.ts';
import type { Database } from '../db/open.ts';

/** A killed owner is replaced after this long; a living one renews three times within it. */
const EXPIRY_MS = 15_000;
const RENEW_EVERY_MS = 5_000;
const ASK_AGAIN_AFTER_MS = 250;
const MOST_WAIT_MS = 60_000;

/**
 * Runs the work while holding the row of `ompay_migration_lock`. A row, as PGlite's clients share their advisory locks.
 * Waits at most a minute, then throws OmpayError `lockHeld`.
 * @param work is given a function that throws OmpayError `lockLost` once another may have taken the lock.
 */
export async function withMigrationLock<T>(
  db: Database,
  clock: Clock,
  work: (assertHeld: () => void) => Promise<T>,
): Promise<T> {
  const owner = `${hostname().slice(0, 24)} ${uuidv7(clock.now())}`;
  let heldUntilMs = await take(db, clock, owner);
  const stop = new AbortController();
  const renewing = (async () => {
    for (;;) {
      await clock.sleep(RENEW_EVERY_MS, stop.signal);
      heldUntilMs = Math.max(heldUntilMs, await claim(db, clock, { owner, from: owner }));
    }
  })().catch(() => {
    // Aborted at the end, or the database is away: then the time runs out, and `assertHeld` tells.
  });
  const assertHeld = (): void => {
    if (clock.now() >= heldUntilMs) throw lockLost();
  };
  try {
    return await work(assertHeld);
  } finally {
    stop.abort();
    await renewing;
    await free(db, owner);
  }
}

/** Until when the lock is held. */
async function take(db: Database, clock: Clock, owner: string): Promise<number> {
  const deadlineMs = clock.monotonicMs() + MOST_WAIT_MS;
  for (;;) {
    const heldUntilMs = await claim(db, clock, { owner, from: '' });
    if (heldUntilMs > 0) return heldUntilMs;
    if (clock.monotonicMs() >= deadlineMs) throw await lockHeld(db);
    await clock.sleep(ASK_AGAIN_AFTER_MS);
  }
}

/** One conditional UPDATE, so of two claims one wins. The new end of the lease, or 0 when another holds it. */
async function claim(db: Database, clock: Clock, lease: { owner: string; from: string }): Promise<number> {
  const nowMs = clock.now();
  const result = await db.kysely
    .updateTable('ompay_migration_lock')
    .set({ owner: lease.owner, expires_at_ms: nowMs + EXPIRY_MS })
    .where('id', '=', 1)
    .where((is) => is.or([is('owner', '=', lease.from), is('expires_at_ms', '<=', nowMs)]))
    .executeTakeFirstOrThrow();
  return result.numUpdatedRows === 1n ? nowMs + EXPIRY_MS : 0;
}

async function free(db: Database, owner: string): Promise<void> {
  const released = { owner: '', expires_at_ms: 0 };
  await db.kysely.updateTable('ompay_migration_lock').set(released).where('owner', '=', owner).execute();
}

async function lockHeld(db: Database): Promise<OmpayError> {
  const { owner } = await db.kysely
    .selectFrom('ompay_migration_lock')
    .select('owner')
    .executeTakeFirstOrThrow();
  return new OmpayError('lockHeld', `migrations are being applied by "${owner}"`, {
    hint: `wait for it; a killed one's lock is free after ${EXPIRY_MS / 1_000} s`,
  });
}

function lockLost(): OmpayError {
  return new OmpayError('lockLost', 'the migration lock ran out before the migrations were done', {
    hint: 'run it again: ompay migrate up goes on where it stopped',
  });
}
