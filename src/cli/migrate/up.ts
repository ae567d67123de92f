import type { Command } from 'commander';
import { MIGRATIONS } from '../../api/migrations/index.ts';
import { assertBearable } from '../../api/migrations/lint/lint.ts';
import { migrateUp } from '../../api/migrations/runner.ts';
import type { Invocation } from '../command.ts';
import { withApi } from '../kit/api.ts';
import { judgeMissing } from '../kit/migrations.ts';
import { note, withLock } from '../operation.ts';

export function configure(_command: Command): void {}

/** Without a rehearsal: a deploy does that too. Exit 3 when the running release could not bear what is missing. */
export async function run(invocation: Invocation): Promise<number> {
  const { clock, layout, output } = invocation;
  const applied = await withLock(invocation, 'migrate up', () =>
    withApi(layout, clock, async (api) => {
      assertBearable((await judgeMissing(api)).report.findings);
      return migrateUp(api.database, MIGRATIONS, clock);
    }),
  );
  if (applied.length > 0) note(invocation, `migrations expanded: ${applied.join(', ')}`, { applied });
  if (output.json) output.write(`${JSON.stringify({ applied })}\n`);
  else output.write(applied.length === 0 ? 'the schema is up to date\n' : `expanded ${applied.join(', ')}\n`);
  return 0;
}
