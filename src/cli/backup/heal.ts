import type { Command } from 'commander';
import { healBackups } from '../../backup/heal.ts';
import { shownDuration, shownSize } from '../../core/units.ts';
import type { Invocation } from '../command.ts';
import { withBackups } from '../kit/backup-site.ts';
import { exitCodeOf, tellFailures } from '../kit/copy-failures.ts';
import { environmentOption } from '../kit/environment.ts';
import { note } from '../operation.ts';

export function configure(command: Command): void {
  environmentOption(command);
}

/** Makes missing and damaged copies again from good ones. A store that fails is told, and its exit code given. */
export function run(invocation: Invocation): Promise<number> {
  const { output, signal } = invocation;
  return withBackups(invocation, async (deps) => {
    const { healed, mendedEntries, pruned, failures } = await healBackups(deps, { signal });
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
