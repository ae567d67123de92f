import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isoTime } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { ulid } from '../core/ids.ts';
import { RESTORE_TARGETS, type RestoredCopy, type RestoreTest } from '../core/restore-test.ts';
import type { Store } from '../store/store.ts';
import { type RestoreDeps, type Restored, restoreBackup } from './restore.ts';

export interface RestoreTestInput {
  /** The only store that is read. */
  readonly store: Store;
  /** A backup's id, or `latest`. */
  readonly id: string;
  /** Where the copy is restored for the time of the test (0700); it is removed. */
  readonly workFolder: string;
  readonly signal?: AbortSignal;
}

/** Restores from the store alone into a folder of its own, proves it, and removes it. A failed restore is a result. */
export async function testRestore(deps: RestoreDeps, input: RestoreTestInput): Promise<RestoreTest> {
  const { store, id, workFolder, signal } = input;
  const atMs = deps.clock.now();
  const beginMs = deps.clock.monotonicMs();
  const folder = join(workFolder, `restore-test-${randomBytes(4).toString('hex')}`);
  const alone = { ...deps, stores: [store] };
  const head = {
    id: ulid(atMs),
    at: isoTime(atMs),
    site: deps.site,
    store: store.name,
    offsite: store.offsite,
    immutable: store.immutable,
    targets: RESTORE_TARGETS,
  };
  try {
    const into = join(folder, 'data');
    const restored = await restoreBackup(alone, { id, into, ...(signal === undefined ? {} : { signal }) });
    const rtoMs = Math.round(deps.clock.monotonicMs() - beginMs);
    return { ...head, outcome: 'proven', problem: '', restored: copyOf(restored, { rtoMs, atMs }) };
  } catch (error) {
    signal?.throwIfAborted();
    return { ...head, outcome: 'failed', problem: messageOf(error), restored: null };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function copyOf(
  restored: Restored,
  { rtoMs, atMs }: { readonly rtoMs: number; readonly atMs: number },
): RestoredCopy {
  const { backup, startedAt, serverVersion, sizeBytes, fetchMs, startMs, proveMs } = restored;
  const checks = restored.checks.map(({ name, verdict, why }) => ({ name, verdict, why }));
  const rpoMs = Math.max(0, atMs - Date.parse(startedAt));
  const copy = { backup, backupStartedAt: startedAt, serverVersion, sizeBytes, checks };
  return { ...copy, fetchMs, startMs, proveMs, rtoMs, rpoMs };
}
