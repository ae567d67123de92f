import { createPublicKey, type KeyObject } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type CapturedBackup, captureBackup } from '../../backup/capture.ts';
import { ensureBackupKeys } from '../../backup/keys.ts';
import { listBackups } from '../../backup/list.ts';
import { planPrune, pruneBackups } from '../../backup/prune.ts';
import { type CreatedBackup, proveAndPublish } from '../../backup/publish.ts';
import type { BackupDeps } from '../../backup/types.ts';
import type { Layout } from '../../core/layout.ts';
import { shownDuration, shownSize } from '../../core/units.ts';
import { installPlatform, type Platform } from '../../deploy/handlers/platform.ts';
import { engineOf } from '../../engine/index.ts';
import type { Handlers } from '../../plan/act.ts';
import { journalFiles } from '../../plan/journal.ts';
import { journalKey } from '../../plan/journal-key.ts';
import { storeOf } from '../../store/index.ts';
import type { RepositoryAccess } from '../../store/repository/published.ts';
import type { Invocation } from '../command.ts';
import { actor } from '../operation.ts';
import { LEDGER_PROOF } from './ledger-proof.ts';

const KEEP_BACKUPS = 5;

/** The local installation's backups, for reading: one copy, in a folder of this machine. */
export function localRepository(layout: Layout, verificationKey: KeyObject): RepositoryAccess {
  return {
    site: 'local',
    stores: [storeOf({ kind: 'directory', name: 'this-disk', root: layout.backups, offsite: false })],
    verificationKey,
  };
}

/** The same, for making and keeping them. */
export async function backupDeps({ clock, layout }: Invocation, platform: Platform): Promise<BackupDeps> {
  const { identity, recipients } = await ensureBackupKeys(layout.keys, clock);
  const signingKey = journalKey(journalFiles(layout));
  return {
    ...localRepository(layout, createPublicKey(signingKey)),
    engine: engineOf({
      kind: 'pglite',
      dataFolder: layout.data,
      socketPath: layout.databaseSocket,
      hostCommand: [platform.nodePath, join(platform.folder, 'pglite-host.mjs')],
      clock,
    }),
    queries: LEDGER_PROOF,
    recipients,
    identity,
    signingKey,
    workFolder: join(layout.state, 'work'),
    clock,
    actor: { owner: actor(), machine: hostname() },
  };
}

/** The same for commands of their own: the programs are put in place first, and nothing must be deployed for that. */
export async function localBackupDeps(invocation: Invocation): Promise<BackupDeps> {
  return backupDeps(invocation, await installPlatform(invocation.layout, invocation.programRoot));
}

/**
 * `backup.create` reads the database and the written copy back; proving then goes on beside the build, and
 * `backup.prove` waits for it: nothing is migrated before the backup is proven and published.
 */
export function backupHandlers(invocation: Invocation, platform: () => Promise<Platform>): Handlers {
  const proving: { backup?: Promise<CreatedBackup> } = {};
  return {
    'backup.create': async ({ hasData }, { signal }) => {
      if (hasData !== true) return { shown: 'there is no data yet' };
      const deps = await backupDeps(invocation, await platform());
      const captured = await captureBackup(deps, { signal });
      // An interrupted deploy gives it up: the command ends soon, and leaves no copy behind.
      proving.backup = proveAndPublish(deps, captured, { signal });
      // Its failure is told by `backup.prove`; until then it must not count as unhandled.
      proving.backup.catch(() => {});
      return capturedOutput(captured);
    },
    'backup.prove': async () => {
      if (proving.backup === undefined) return { shown: 'there is no data yet' };
      const { backup, checks, fetchMs, startMs, proveMs } = await proving.backup;
      return {
        backup: backup.id,
        checks,
        shown: `${backup.id}: started in ${shownDuration(startMs)}, ${checks} checks in ${shownDuration(proveMs)}`,
        fetchMs,
        startMs,
        proveMs,
      };
    },
    'backup.prune': async () => {
      const deps = await backupDeps(invocation, await platform());
      const plan = planPrune((await listBackups(deps)).backups, {
        keepLast: KEEP_BACKUPS,
        nowMs: invocation.clock.now(),
      });
      const removed = await pruneBackups(deps, plan);
      return { removed, shown: removed === 0 ? 'nothing to remove' : `removed ${removed}` };
    },
  };
}

function capturedOutput(captured: CapturedBackup) {
  const { id, method, captureMs, readBackMs, cipher } = captured;
  const shown = `${shownSize(cipher.sizeBytes)} in ${shownDuration(captureMs)}, read back in ${shownDuration(readBackMs)}`;
  return { backup: id, method, captureMs, readBackMs, sizeBytes: cipher.sizeBytes, shown };
}
