import type { Command } from 'commander';
import { MIGRATIONS } from '../../api/migrations/index.ts';
import { assertBearable, lintMigrations } from '../../api/migrations/lint/lint.ts';
import { contract } from '../../api/migrations/runner.ts';
import { listReleases } from '../../deploy/releases.ts';
import type { Invocation } from '../command.ts';
import { withApi } from '../kit/api.ts';
import { note, withLock } from '../operation.ts';

export function configure(command: Command): void {
  command.argument('<migration>', 'its number, for example 0002');
}

/**
 * Refused (exit 3) while a release that is kept, and so could be rolled back to, needs what would go, and when removing it
 * would hold up the users.
 */
export async function run(invocation: Invocation): Promise<number> {
  const { args, clock, layout, output } = invocation;
  const id = args[0] ?? '';
  await withLock(invocation, `migrate contract ${id}`, () => {
    const releasesKept = listReleases(layout.releases);
    return withApi(layout, clock, async ({ database }) => {
      const { dialect, kysely } = database;
      const rows = await dialect.estimateRows(kysely);
      const { findings } = await lintMigrations(MIGRATIONS, { only: [id], rows, family: dialect.family });
      assertBearable(findings, 'contract');
      await contract(database, MIGRATIONS, { id, releasesKept, clock });
    });
  });
  note(invocation, `migration ${id} contracted`, { migration: id });
  output.write(output.json ? `${JSON.stringify({ contracted: id })}\n` : `contracted ${id}\n`);
  return 0;
}
