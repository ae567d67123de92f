import type { Command } from 'commander';
import { legalFigures } from '../../../api/audit/figures.ts';
import type { Invocation } from '../../command.ts';
import { withApi } from '../../kit/api.ts';
import { table } from '../../render.ts';

export function configure(_command: Command): void {}

/** Every limit, fee and legal constant, and where it comes from. */
export async function run({ clock, layout, output }: Invocation): Promise<number> {
  const figures = await withApi(layout, clock, ({ database }) => legalFigures(database));
  if (output.json) {
    for (const figure of figures) output.write(`${JSON.stringify(figure)}\n`);
    return 0;
  }
  output.write(
    table([
      { title: 'FIGURE', values: figures.map(({ name }) => name) },
      {
        title: 'VALUE',
        values: figures.map(({ value, unit }) => (value === null ? 'no limit' : `${value} ${unit}`)),
      },
      { title: 'SURE', values: figures.map(({ sureness }) => sureness) },
      { title: 'SINCE', values: figures.map(({ effective_on }) => effective_on) },
      {
        title: 'SOURCE',
        values: figures.map(({ instrument, article }) =>
          article === null ? instrument : `${instrument}, art. ${article}`,
        ),
      },
    ]),
  );
  return 0;
}
