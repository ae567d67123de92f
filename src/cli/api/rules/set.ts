import type { Command } from 'commander';
import { changeFigure, type FigureChange } from '../../../api/audit/figures.ts';
import { OmpayError } from '../../../core/errors.ts';
import { type Invocation, textOption } from '../../command.ts';
import { withApi } from '../../kit/api.ts';
import { note } from '../../operation.ts';

export function configure(command: Command): void {
  command
    .argument('<figure>', 'its name in: ompay api rules list')
    .requiredOption('--value <n|none>', 'a whole number, or none for no limit')
    .requiredOption('--instrument <text>', 'the text that says so: issuer, number, date')
    .requiredOption('--from <yyyy-mm-dd>', 'the day from which the text applies')
    .requiredOption('--sureness <high|medium|low>', 'how sure it is')
    .option('--article <text>', 'where in the text')
    .option('--note <text>', 'what else is to be known', '');
}

/** The rule is in force a second later; the audit trail keeps who, from what, to what. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, clock, command, layout, output } = invocation;
  const change = changeOf(args[0] ?? '', (name) => textOption(command, name) ?? '');
  await withApi(layout, clock, (kit) => changeFigure(kit, change));
  note(invocation, `figure ${change.name} set`, { name: change.name, value: change.value });
  output.write(
    output.json ? `${JSON.stringify(change)}\n` : `${change.name} is ${change.value ?? 'no limit'} now\n`,
  );
  return 0;
}

function changeOf(name: string, option: (name: string) => string): FigureChange {
  const text = option('value');
  if (!/^(none|\d{1,15})$/.test(text) || (text === 'none' && !name.startsWith('limit.'))) {
    throw wrong('--value', text, 'a whole number; none only for a limit');
  }
  const sureness = (['high', 'medium', 'low'] as const).find((each) => each === option('sureness'));
  if (sureness === undefined) throw wrong('--sureness', option('sureness'), 'high, medium or low');
  if (!/^\d{4}-\d\d-\d\d$/.test(option('from'))) throw wrong('--from', option('from'), 'a day as 2026-11-22');
  return {
    name,
    value: text === 'none' ? null : Number(text),
    instrument: option('instrument'),
    article: option('article') === '' ? null : option('article'),
    effective_on: option('from'),
    sureness,
    note: option('note'),
  };
}

function wrong(option: string, seen: string, allowed: string): OmpayError {
  return new OmpayError('usage', `${option} is ${JSON.stringify(seen)}`, { hint: `allowed: ${allowed}` });
}
