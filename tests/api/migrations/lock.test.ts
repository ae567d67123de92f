import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { type Database, openDatabase } from '../../../src/api/db/open.ts';
import { withMigrationLock } from '../../../src/api/migrations/lock.ts';
import { migrateUp } from '../../../src/api/migrations/runner.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { manualClock } from '../../fixtures/clock.ts';
import { describeOn, MARIADB, PGLITE } from '../../fixtures/databases.ts';

const EXPIRY_MS = 15_000;
const MOST_WAIT_MS = 60_000;

describeOn([PGLITE, MARIADB], 'the migration lock', (server) => {
  let db: Database;

  beforeEach(async () => {
    db = openDatabase(await server().emptyDatabase());
    onTestFinished(() => db.close());
    await migrateUp(db, [], systemClock);
  });

  const readRow = () => db.kysely.selectFrom('ompay_migration_lock').selectAll().executeTakeFirstOrThrow();
  const holdBy = (owner: string, expires_at_ms: number) =>
    db.kysely.updateTable('ompay_migration_lock').set({ owner, expires_at_ms }).execute();

  it('is free again after the work, also when it fails', async () => {
    const seen = await withMigrationLock(db, systemClock, async (assertHeld) => {
      assertHeld();
      return readRow();
    });
    expect(seen.owner).not.toBe('');
    const failing = withMigrationLock(db, systemClock, async () => {
      throw new Error('no such column');
    });
    await expect(failing).rejects.toThrow('no such column');
    expect(await readRow()).toEqual({ id: 1, owner: '', expires_at_ms: 0 });
  });

  it('is waited for a minute, then its owner is named', async () => {
    const clock = manualClock();
    await holdBy('another machine', clock.now() + 2 * MOST_WAIT_MS);
    const startMs = clock.monotonicMs();
    await expect(withMigrationLock(db, clock, async () => {})).rejects.toMatchObject({
      code: 'lockHeld',
      message: 'migrations are being applied by "another machine"',
      exitCode: 4,
    });
    expect(clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(MOST_WAIT_MS);
  });

  it('is taken from an owner that was killed, when it expires', async () => {
    const clock = manualClock();
    await holdBy('a dead process', clock.now() + EXPIRY_MS);
    const startMs = clock.now();
    await withMigrationLock(db, clock, async () => {});
    expect(clock.now() - startMs).toBeGreaterThanOrEqual(EXPIRY_MS);
  });

  it('is renewed while the work goes on', async () => {
    const renewals = steppedClock();
    await withMigrationLock(db, renewals.clock, async (assertHeld) => {
      const first = await readRow();
      renewals.pass(EXPIRY_MS / 3);
      await expect
        .poll(async () => (await readRow()).expires_at_ms)
        .toBe(first.expires_at_ms + EXPIRY_MS / 3);
      renewals.pass(EXPIRY_MS / 3);
      renewals.pass(EXPIRY_MS / 3);
      assertHeld();
    });
  });

  it('stops the work once another may hold it', async () => {
    const clock = manualClock();
    const still = { ...clock, sleep: (_ms: number, signal?: AbortSignal) => untilAborted(signal) };
    const work = withMigrationLock(db, still, async (assertHeld) => {
      clock.pass(EXPIRY_MS);
      assertHeld();
    });
    await expect(work).rejects.toMatchObject({ code: 'lockLost' });
  });

  it('does not free the lock of who took it over', async () => {
    const clock = manualClock();
    const still = { ...clock, sleep: (_ms: number, signal?: AbortSignal) => untilAborted(signal) };
    await withMigrationLock(db, still, () => holdBy('the next one', clock.now() + EXPIRY_MS));
    expect((await readRow()).owner).toBe('the next one');
  });
});

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
}

/** A clock whose sleepers wake when the test has let enough time pass. */
function steppedClock() {
  const manual = manualClock();
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  return {
    clock: {
      ...manual,
      sleep: (ms: number, signal?: AbortSignal) =>
        Promise.race([
          untilAborted(signal),
          new Promise<void>((wake) => {
            sleepers.add({ atMs: manual.now() + ms, wake });
          }),
        ]),
    },
    pass: (ms: number) => {
      manual.pass(ms);
      for (const sleeper of sleepers) {
        if (sleeper.atMs <= manual.now()) sleeper.wake();
      }
    },
  };
}
