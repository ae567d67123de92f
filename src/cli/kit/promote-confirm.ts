import { OmpayError } from '../../core/errors.ts';
import type { Promotion } from '../../restore/promotion/promotion.ts';
import { type Invocation, textOption } from '../command.ts';
import { ask, isAskable } from './prompt.ts';

/** What a script has to say is looked at before hours of restoring. Throws `usage`. */
export function assertConfirmable({ command }: Invocation, environment: string): void {
  const given = textOption(command, 'confirm');
  if (given === environment || (given === undefined && isAskable())) return;
  const seen = given === undefined ? 'nobody is there to be asked' : `--confirm is ${JSON.stringify(given)}`;
  throw new OmpayError('usage', `--into host replaces the database of ${environment}, and ${seen}`, {
    hint: `on a terminal the name is asked for; in a script: --confirm ${environment}`,
  });
}

/** Returns once the environment's name was typed, or given by `--confirm`. Throws `usage` for anything else. */
export async function confirmed(
  { command, signal }: Invocation,
  { environment, dataFolder, proven }: Promotion,
): Promise<void> {
  if (textOption(command, 'confirm') === environment) return;
  const typed = await ask(`Type ${environment} to replace the database in ${dataFolder}`, '', signal);
  if (typed === environment) return;
  throw new OmpayError('usage', `not confirmed: ${JSON.stringify(typed)} is not ${environment}`, {
    hint: `nothing was replaced; the proven database is in ${proven}`,
  });
}
