import type { Command } from 'commander';
import { type Healing, healBackups } from '../../backup/heal.ts';
import { shownDuration, shownSize } from '../../core/units.ts';
import type { Invocation } from '../command.ts';
import { BACKUP_KINDS, distinct, ofKind } from '../kit/backup-kinds.ts';
import { withBackups } from '../kit/backup-site.ts';
import { exitCodeOf, tellFailures } from '../kit/copy-failures.ts';
import { environmentOption } from '../kit/environment.ts';
import { withProgress } from '../kit/progress.ts';
import { note } from '../operation.ts';

export function configure(command: Command): void {
  environmentOption(command);
}

/** Makes missing and damaged copies again from good ones. A store that fails is told, and its exit code given. */
export function run(invocation: Invocation): Promise<number> {
  const { output, signal } = invocation;
  return withBackups(invocation, async (site) => {
    const deps = withProgress(site, invocation);
    const healings: Healing[] = [];
    for (const kind of BACKUP_KINDS)
      healings.push(await healBackups(ofKind(deps, kind, invocation), { signal }));
    const healed = healings.flatMap((each) => each.healed);
    const failures = distinct(healings.flatMap((each) => each.failures));
    const mendedEntries = healings.reduce((sum, each) => sum + each.mendedEntries, 0);
    const pruned = healings.reduce((sum, each) => sum + each.pruned, 0);
    for (const { backup, store, from, sizeBytes, tookMs } of healed) {
      note(invocation, `backup ${backup} healed in ${store} from ${from}`, { backup, store, from });
      output.write(
        output.json
          ? `${JSON.stringify({ backup, store, from, sizeBytes, tookMs })}\n`
          : `${backup} in ${store}: made again from ${from}, ${shownSize(sizeBytes)} in ${shownDuration(tookMs)}\n`,
      );
    }
    if (!output.json) {
      if (mendedEntries > 0) output.write(`${mendedEntries} entries of catalogues put back\n`);
      if (pruned > 0) output.write(`${pruned} copies removed that were pruned elsewhere\n`);
      if (healed.length + mendedEntries + pruned + failures.length === 0)
        output.write('nothing to heal: every store has every backup\n');
    }
    tellFailures(failures);
    return exitCodeOf(failures);
  });
}
