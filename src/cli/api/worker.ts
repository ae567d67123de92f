import type { Command } from 'commander';
import { runWorkerProcess, WORKER_CONCURRENCY } from '../../api/outbox/run-worker.ts';
import { OmpayError } from '../../core/errors.ts';
import { type Invocation, textOption } from '../command.ts';
import { apiSettings } from '../kit/api.ts';

const MOST_AT_ONCE = 64;

export function configure(command: Command): void {
  command.option(
    '--concurrency <n>',
    `messages under way at once, 1 to ${MOST_AT_ONCE}`,
    String(WORKER_CONCURRENCY),
  );
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
  await runWorkerProcess({ settings: apiSettings(layout), clock, concurrency }, signal);
  return 0;
}
