import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isoTime } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { ulid } from '../core/ids.ts';
import { RESTORE_TARGETS, type RestoredCopy, type RestoreTest } from '../core/restore-test.ts';
import type { Store } from '../store/store.ts';
import { type LoggedCopy, type RandomPoint, restoreRandomPoint } from './point-test.ts';
import { type RestoreDeps, type Restored, restoreBackup } from './restore.ts';

export interface RestoreTestInput {
  /** The only store that is read. */
  readonly store: Store;
  /** A backup's id, or `latest`. */
  readonly id: string;
  /** Where the copy is restored for the time of the test (0700); it is removed. */
  readonly workFolder: string;
  readonly signal?: AbortSignal;
  /** The log beside the store's backups: a random moment of it is restored to, where there is one. */
  readonly logged?: LoggedCopy;
}

/**
 * Restores from the store alone into a folder of its own, to a random moment where its log is told, proves it, and removes
 * it. A failed restore is a result.
 */
export async function testRestore(deps: RestoreDeps, input: RestoreTestInput): Promise<RestoreTest> {
  const { store, id, workFolder, signal, logged } = input;
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
    const place = { into, ...(signal === undefined ? {} : { signal }) };
    const random = logged === undefined ? undefined : await restoreRandomPoint(alone, logged, place);
    const copy =
      random === undefined ? copyOf(await restoreBackup(alone, { id, ...place })) : pointOf(random);
    const rtoMs = Math.round(deps.clock.monotonicMs() - beginMs);
    const { wholeUntilMs, ...restored } = copy;
    const rpoMs = Math.max(0, atMs - wholeUntilMs);
    return { ...head, outcome: 'proven', problem: '', restored: { ...restored, rtoMs, rpoMs } };
  } catch (error) {
    signal?.throwIfAborted();
    return { ...head, outcome: 'failed', problem: messageOf(error), restored: null };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Copy = Omit<RestoredCopy, 'rtoMs' | 'rpoMs'> & { readonly wholeUntilMs: number };

function copyOf(restored: Restored): Copy {
  const { backup, startedAt, serverVersion, sizeBytes, fetchMs, startMs, proveMs } = restored;
  const copy = { backup, backupStartedAt: startedAt, serverVersion, sizeBytes, point: null };
  const wholeUntilMs = Date.parse(startedAt);
  return { ...copy, checks: toldOf(restored.checks), fetchMs, startMs, proveMs, wholeUntilMs };
}

function pointOf({ restored, plan, wholeUntilMs, gtid, committedAt }: RandomPoint): Copy {
  const { startedAt, cipher } = plan.copies[0].manifest;
  const { backup, serverVersion, extractMs, startMs, replayMs, proveMs } = restored;
  const point = { gtid, committedAt, transactions: plan.resolved.count, replayMs };
  const copy = { backup, backupStartedAt: startedAt, serverVersion, sizeBytes: cipher.sizeBytes, point };
  return { ...copy, checks: toldOf(restored.checks), fetchMs: extractMs, startMs, proveMs, wholeUntilMs };
}

function toldOf(checks: Restored['checks']): RestoredCopy['checks'] {
  return checks.map(({ name, verdict, why }) => ({ name, verdict, why }));
}
