import type { Command } from 'commander';
import { createLogger } from '../../api/log.ts';
import { runWorker } from '../../api/outbox/run-worker.ts';
import { OmpayError } from '../../core/errors.ts';
import { type Invocation, textOption } from '../command.ts';
import { apiSettings } from '../kit/api.ts';

const MOST_AT_ONCE = 64;

export function configure(command: Command): void {
  command.option('--concurrency <n>', `messages under way at once, 1 to ${MOST_AT_ONCE}`, '8');
}

/** Runs until SIGTERM or SIGINT, ends what is under way, and exits with 0: being stopped is how it ends. */
export async function run({ clock, command, layout, signal }: Invocation): Promise<number> {
  const concurrency = Number(textOption(command, 'concurrency'));
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MOST_AT_ONCE) {
    throw new OmpayError(
      'usage',
      `--concurrency must be a whole number from 1 to ${MOST_AT_ONCE}, seen ${JSON.stringify(textOption(command, 'concurrency'))}`,
      { hint: 'ompay api worker --concurrency 8' },
    );
  }
  const settings = apiSettings(layout);
  const { release, environment } = settings;
  const identity = { name: 'ompay-worker', release, environment } as const;
  // A line that cannot be written is missing in the log, which says so itself.
  const log = createLogger(settings.log, { clock, identity, onDropped: () => {} });
  await runWorker({ settings, clock, log, concurrency }, signal);
  return 0;
}
