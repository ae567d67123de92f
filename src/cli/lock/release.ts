import { hostname } from 'node:os';
import type { Command } from 'commander';
import { OmpayError } from '../../core/errors.ts';
import { isStale, readLock, releaseLock } from '../../plan/lock.ts';
import { hasOption, type Invocation } from '../command.ts';
import { note } from '../operation.ts';

export function configure(command: Command): void {
  command.option('--force', 'also when a living process or another person holds it');
}

/** Gives back a lock that was taken by hand, or one whose holder is gone; another's only with --force. */
export async function run(invocation: Invocation): Promise<number> {
  const { command, clock, layout, output } = invocation;
  const { holder, fencingToken } = readLock(layout.lock);
  if (holder === null) {
    output.write(output.json ? `${JSON.stringify({ released: false })}\n` : 'the lock was free already\n');
    return 0;
  }
  const mayGo = holder.process === null || isStale(holder, { machine: hostname(), nowMs: clock.now() });
  if (!mayGo && !hasOption(command, 'force')) {
    throw new OmpayError(
      'lockHeld',
      `the lock belongs to a running operation: ${holder.owner}, ${holder.reason}, process ${holder.process?.pid}`,
      {
        hint: 'wait for it to end; only when it hangs: ompay lock release --force (it will not be able to switch any more)',
      },
    );
  }
  const released = releaseLock(layout.lock, fencingToken);
  note(invocation, 'lock released by hand', { token: fencingToken, from: holder.owner, run: holder.run });
  output.write(
    output.json
      ? `${JSON.stringify({ released })}\n`
      : `released (it was held by ${holder.owner} for ${holder.reason})\n`,
  );
  return 0;
}
