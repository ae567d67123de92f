import type { Command } from 'commander';
import { OmpayError } from '../../core/errors.ts';
import { type Invocation, textOption } from '../command.ts';
import { environmentOption } from '../kit/environment.ts';
import { answerOf, maintenanceOnPlan, noticeOf } from '../kit/maintenance.ts';
import { changeMaintenance } from '../kit/maintenance-run.ts';

const MAX_MESSAGE_CHARACTERS = 300;

export function configure(command: Command): void {
  environmentOption(command)
    .option('--message <text>', 'said to users before the usual words')
    .option('--plan', 'print exactly what would run, and run nothing');
}

/** All web hosts answer 503 with Retry-After from the same moment, or none does. /health and /ready go on answering. */
export async function run(invocation: Invocation): Promise<number> {
  const notice = noticeOf(messageIn(invocation));
  return changeMaintenance(invocation, {
    command: 'maintenance on',
    plan: (names, run) => maintenanceOnPlan(names, notice, run),
    isThere: (answer) => answer === answerOf(notice.fr).trimEnd(),
    done: 'maintenance is on',
  });
}

/** nginx looks for commands in what it gives out (`<!--#`), so `<` is refused. */
function messageIn({ command }: Invocation): string | undefined {
  const text = textOption(command, 'message')?.trim();
  if (text === undefined) return undefined;
  if (text.length > 0 && text.length <= MAX_MESSAGE_CHARACTERS && !/[\p{Cc}<]/u.test(text)) return text;
  throw new OmpayError(
    'usage',
    `--message must be one line of 1 to ${MAX_MESSAGE_CHARACTERS} characters without <`,
    { hint: 'ompay maintenance on -e staging --message "Retour à 23 h."' },
  );
}
