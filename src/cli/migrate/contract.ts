import type { Command } from 'commander';
import { MIGRATIONS } from '../../api/migrations/index.ts';
import { contract } from '../../api/migrations/runner.ts';
import { listReleases } from '../../deploy/releases.ts';
import type { Invocation } from '../command.ts';
import { withApi } from '../kit/api.ts';
import { note, withLock } from '../operation.ts';

export function configure(command: Command): void {
  command.argument('<migration>', 'its number, for example 0002');
}

/** Refused (exit 3) while a release that is kept, and so could be rolled back to, needs what would go. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, clock, layout, output } = invocation;
  const id = args[0] ?? '';
  await withLock(invocation, `migrate contract ${id}`, () => {
    const releasesKept = listReleases(layout.releases);
    return withApi(layout, clock, ({ database }) =>
      contract(database, MIGRATIONS, { id, releasesKept, clock }),
    );
  });
  note(invocation, `migration ${id} contracted`, { migration: id });
  output.write(output.json ? `${JSON.stringify({ contracted: id })}\n` : `contracted ${id}\n`);
  return 0;
}
