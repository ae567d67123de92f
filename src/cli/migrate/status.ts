import type { Command } from 'commander';
import { MIGRATIONS } from '../../api/migrations/index.ts';
import { migrationStatus } from '../../api/migrations/runner.ts';
import type { Invocation } from '../command.ts';
import { withApi } from '../kit/api.ts';
import { shownTime } from '../operation.ts';
import { table } from '../render.ts';

export function configure(_command: Command): void {}

export async function run({ clock, layout, output }: Invocation): Promise<number> {
  const status = await withApi(layout, clock, ({ database }) => migrationStatus(database, MIGRATIONS));
  if (output.json) {
    output.write(`${JSON.stringify(status)}\n`);
    return 0;
  }
  const appliedAt = (id: string, phase: string): string => {
    const row = status.applied.find((each) => each.id === id && each.phase === phase);
    return row === undefined ? '' : shownTime(row.applied_at_ms);
  };
  const contractState = (id: string): string =>
    appliedAt(id, 'contract') ||
    (status.contractable.includes(id) ? `waits: ompay migrate contract ${id}` : '-');
  output.write(
    table([
      { title: 'MIGRATION', values: MIGRATIONS.map(({ id, name }) => `${id} ${name}`) },
      {
        title: 'EXPAND',
        values: MIGRATIONS.map(({ id }) => appliedAt(id, 'expand') || 'waits: ompay migrate up'),
      },
      { title: 'CONTRACT', values: MIGRATIONS.map(({ id }) => contractState(id)) },
    ]),
  );
  return 0;
}
