import type { Command } from 'commander';
import { type OutboxMessage, readOutbox } from '../../api/outbox/queue.ts';
import { OmpayError } from '../../core/errors.ts';
import { type Invocation, textOption } from '../command.ts';
import { withApi } from '../kit/api.ts';
import { shownTime } from '../operation.ts';
import { paint } from '../render.ts';

const MAX_MESSAGES = 1000;

export function configure(command: Command): void {
  command
    .option('--last <n>', `how many messages, 1 to ${MAX_MESSAGES}`, '20')
    .option('--to <number>', 'only those to this phone number');
}

export async function run({ clock, command, layout, output }: Invocation): Promise<number> {
  const last = Number(textOption(command, 'last'));
  if (!Number.isInteger(last) || last < 1 || last > MAX_MESSAGES) {
    throw new OmpayError(
      'usage',
      `--last must be a whole number from 1 to ${MAX_MESSAGES}, seen ${JSON.stringify(textOption(command, 'last'))}`,
      { hint: 'ompay api outbox --last 20' },
    );
  }
  const to = textOption(command, 'to');
  const all = await withApi(layout, clock, ({ database, keys }) =>
    readOutbox(database.kysely, keys.outbox, { limit: to === undefined ? last : MAX_MESSAGES }),
  );
  const messages = all
    .filter(({ recipient }) => to === undefined || recipient.endsWith(to.replace(/^\+?221/, '')))
    .slice(-last);
  for (const message of messages) output.write(output.json ? `${JSON.stringify(message)}\n` : shown(message));
  if (messages.length === 0 && !output.json) output.write('no message was sent yet\n');
  return 0;
}

function shown(message: OutboxMessage): string {
  const state = message.deliveredAtMs === 0 ? paint.warn('waiting') : 'delivered';
  return `${shownTime(message.createdAtMs)}  ${message.channel} to ${message.recipient}  ${state}\n  ${message.body}\n`;
}
