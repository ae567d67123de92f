import type { Command } from 'commander';
import { MIGRATIONS } from '../../api/migrations/index.ts';
import { migrateUp } from '../../api/migrations/runner.ts';
import type { Invocation } from '../command.ts';
import { withApi } from '../kit/api.ts';
import { note, withLock } from '../operation.ts';

export function configure(_command: Command): void {}

export async function run(invocation: Invocation): Promise<number> {
  const { clock, layout, output } = invocation;
  const applied = await withLock(invocation, 'migrate up', () =>
    withApi(layout, clock, ({ database }) => migrateUp(database, MIGRATIONS, clock)),
  );
  if (applied.length > 0) note(invocation, `migrations expanded: ${applied.join(', ')}`, { applied });
  if (output.json) output.write(`${JSON.stringify({ applied })}\n`);
  else output.write(applied.length === 0 ? 'the schema is up to date\n' : `expanded ${applied.join(', ')}\n`);
  return 0;
}
