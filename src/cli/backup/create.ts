import type { Command } from 'commander';
import type { CopyFailure } from '../../backup/capture.ts';
import { createBackup } from '../../backup/create.ts';
import { type Healing, healBackups } from '../../backup/heal.ts';
import { shownDuration, shownSize } from '../../core/units.ts';
import type { BackupKind } from '../../store/repository/manifest.ts';
import { type Invocation, textOption } from '../command.ts';
import { type Watched, withAlarm } from '../kit/alarms.ts';
import { kindNamed, ofKind } from '../kit/backup-kinds.ts';
import { withBackups } from '../kit/backup-site.ts';
import { exitCodeOf, shownFailures, tellFailures } from '../kit/copy-failures.ts';
import { environmentOption } from '../kit/environment.ts';
import { withProgress } from '../kit/progress.ts';
import { note } from '../operation.ts';

export function configure(command: Command): void {
  environmentOption(command).option(
    '--kind <kind>',
    'full, logical (a dump in SQL) or files (what lies beside)',
    'full',
  );
}

/**
 * Copies the database while it serves, starts the copy, proves its ledger, and only then publishes it in every store.
 * Then heals what stores missed before. A store that fails is told, and its exit code given.
 */
export async function run(invocation: Invocation): Promise<number> {
  const kind = kindNamed(textOption(invocation.command, 'kind'));
  // A dump that succeeds does not make a full backup well that failed.
  return withAlarm(invocation, kind === 'full' ? 'backup' : `backup-${kind}`, () => create(invocation, kind));
}

function create(invocation: Invocation, kind: BackupKind): Promise<Watched> {
  const { output, signal } = invocation;
  return withBackups(invocation, async (site) => {
    const deps = withProgress(ofKind(site, kind, invocation), invocation);
    const { backup, checks, failures, captureMs, startMs, proveMs } = await createBackup(deps, { signal });
    const stores = backup.copies.map(({ store }) => store);
    note(invocation, `backup ${backup.id} made and proven`, { backup: backup.id, checks, stores });
    if (output.json)
      output.write(
        `${JSON.stringify({ ...backup, checks, captureMs, startMs, proveMs, ...told(failures) })}\n`,
      );
    else {
      const [name, started] =
        kind === 'full' ? ['backup', `started in ${shownDuration(startMs)}, `] : [`${kind} backup`, ''];
      output.write(
        `${name} ${backup.id}: ${shownSize(backup.sizeBytes)} in ${shownDuration(captureMs)}, ${started}${checks} checks passed\n`,
      );
    }
    if (!output.json && deps.stores.length > 1) output.write(`  copies: ${stores.join(', ')}\n`);
    tellFailures(failures);
    const isPartial = failures.length > 0;
    // What is missing from a store that fails now would only fail again.
    const healing = deps.stores.length > 1 && !isPartial ? await healBackups(deps, { signal }) : NOTHING;
    for (const { backup: id, store, from } of healing.healed)
      if (!output.json) output.write(`  healed: ${id} in ${store}, from ${from}\n`);
    tellFailures(healing.failures);
    const all = [...failures, ...healing.failures];
    return { exitCode: exitCodeOf(all), why: shownFailures(all) };
  });
}

const NOTHING: Healing = { healed: [], mendedEntries: 0, pruned: 0, failures: [] };

function told(failures: readonly CopyFailure[]): { readonly without?: readonly string[] } {
  return failures.length === 0 ? {} : { without: failures.map(({ store }) => store) };
}
