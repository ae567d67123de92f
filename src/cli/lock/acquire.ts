import { hostname } from 'node:os';
import type { Command } from 'commander';
import { OmpayError } from '../../core/errors.ts';
import { ulid } from '../../core/ids.ts';
import { acquireLock } from '../../plan/lock.ts';
import { type Invocation, textOption } from '../command.ts';
import { actor, note, shownTime } from '../operation.ts';

const MAX_MINUTES = 24 * 60;

export function configure(command: Command): void {
  command
    .requiredOption('--reason <text>', 'why, for those who then wait')
    .option('--minutes <n>', `how long, 1 to ${MAX_MINUTES}`, '60');
}

export async function run(invocation: Invocation): Promise<number> {
  const { command, clock, layout, output } = invocation;
  const reason = textOption(command, 'reason') ?? '';
  const minutes = Number(textOption(command, 'minutes'));
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > MAX_MINUTES) {
    throw new OmpayError(
      'usage',
      `--minutes must be a whole number from 1 to ${MAX_MINUTES}, seen ${JSON.stringify(textOption(command, 'minutes'))}`,
      {
        hint: 'ompay lock acquire --reason "…" --minutes 60',
      },
    );
  }
  const expiryMs = minutes * 60_000;
  const run = ulid(clock.now());
  const { token } = acquireLock(
    layout.lock,
    { owner: actor(), machine: hostname(), run, reason, process: null, expiryMs },
    clock,
  );
  note(invocation, `lock acquired by hand: ${reason}`, { token, minutes });
  const until = clock.now() + expiryMs;
  output.write(
    output.json
      ? `${JSON.stringify({ token, untilMs: until })}\n`
      : `held until ${shownTime(until)}, token ${token}; give it back: ompay lock release\n`,
  );
  return 0;
}
