import { hostname } from 'node:os';
import type { Command } from 'commander';
import { shownAge, shownDuration } from '../../core/units.ts';
import { isStale, type LockState, readLock } from '../../plan/lock.ts';
import type { Invocation } from '../command.ts';
import { shownTime } from '../operation.ts';

export function configure(_command: Command): void {}

/** Exit 0 when free, 4 when held. */
export async function run({ layout, clock, output }: Invocation): Promise<number> {
  const state = readLock(layout.lock);
  const stale = state.holder !== null && isStale(state.holder, { machine: hostname(), nowMs: clock.now() });
  const held = state.holder !== null && !stale;
  output.write(
    output.json ? `${JSON.stringify({ ...state, held, stale })}\n` : shown(state, stale, clock.now()),
  );
  return held ? 4 : 0;
}

function shown({ holder, fencingToken }: LockState, stale: boolean, nowMs: number): string {
  if (holder === null) return `free (last token ${fencingToken})\n`;
  const lines = [
    stale ? 'free: its holder is gone and the next operation takes it over' : 'held',
    `  by      ${holder.owner}`,
    `  for     ${holder.reason}`,
    `  run     ${holder.run}`,
    `  process ${holder.process === null ? 'none: taken by hand' : holder.process.pid}`,
    `  since   ${shownTime(holder.acquiredAtMs)} (${shownAge(nowMs - holder.acquiredAtMs)})`,
    `  until   ${shownTime(holder.expiresAtMs)} (${expiry(holder.expiresAtMs - nowMs)})`,
    `  token   ${fencingToken}`,
  ];
  return `${lines.join('\n')}\n`;
}

function expiry(leftMs: number): string {
  return leftMs > 0 ? `in ${shownDuration(leftMs)}, unless its holder lengthens it` : 'over';
}
