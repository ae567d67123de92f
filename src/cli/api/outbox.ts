import type { Command } from 'commander';
import { MAX_ATTEMPTS, type OutboxMessage, readOutbox, reviveDead } from '../../api/outbox/queue.ts';
import { OmpayError } from '../../core/errors.ts';
import { hasOption, type Invocation, textOption } from '../command.ts';
import { withApi } from '../kit/api.ts';
import { shownTime } from '../operation.ts';
import { paint } from '../render.ts';

const MAX_MESSAGES = 1000;

export function configure(command: Command): void {
  command
    .option('--last <n>', `how many messages, 1 to ${MAX_MESSAGES}`, '20')
    .option('--to <number>', 'only those to this phone number')
    .option('--dead', `only those that were given up after ${MAX_ATTEMPTS} tries`)
    .option('--again', 'try those that were given up again, from the first try on');
}

export async function run(invocation: Invocation): Promise<number> {
  const { clock, command, layout, output } = invocation;
  const last = Number(textOption(command, 'last'));
  if (!Number.isInteger(last) || last < 1 || last > MAX_MESSAGES) {
    throw new OmpayError(
      'usage',
      `--last must be a whole number from 1 to ${MAX_MESSAGES}, seen ${JSON.stringify(textOption(command, 'last'))}`,
      { hint: 'ompay api outbox --last 20' },
    );
  }
  if (hasOption(command, 'again')) return tryAgain(invocation);
  const [to, dead] = [textOption(command, 'to'), hasOption(command, 'dead')];
  const all = await withApi(layout, clock, ({ database, keys }) =>
    readOutbox(database.kysely, keys.outbox, { limit: to === undefined ? last : MAX_MESSAGES, dead }),
  );
  const messages = all
    .filter(({ recipient }) => to === undefined || recipient.endsWith(to.replace(/^\+?221/, '')))
    .slice(-last);
  for (const message of messages) output.write(output.json ? `${JSON.stringify(message)}\n` : shown(message));
  if (messages.length === 0 && !output.json) {
    output.write(dead ? 'no message was given up\n' : 'no message was sent yet\n');
  }
  return 0;
}

async function tryAgain({ clock, layout, output }: Invocation): Promise<number> {
  const revived = await withApi(layout, clock, ({ database }) => reviveDead(database.kysely, clock.now()));
  output.write(
    output.json ? `${JSON.stringify({ revived })}\n` : `${revived} messages will be tried again at once\n`,
  );
  return 0;
}

function shown(message: OutboxMessage): string {
  const waiting = message.attempts < MAX_ATTEMPTS ? 'waiting' : 'given up';
  const state = message.deliveredAtMs === 0 ? paint.warn(waiting) : 'delivered';
  return `${shownTime(message.createdAtMs)}  ${message.channel} to ${message.recipient}  ${state}\n  ${message.body}\n`;
}
