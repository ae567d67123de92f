import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { writeFileAtomic } from '../files.ts';
import type { Slot } from '../layout.ts';
import { type FencePaths, fenced } from './fence.ts';
import { noteLive, prepareLink, targetOf } from './live.ts';

export interface SwitchRequest {
  /** Null takes the link away: nothing is live. */
  readonly slot: Slot | null;
  readonly fencingToken: number;
}

export interface SwitchResult {
  readonly previous: string | null;
  readonly current: string | null;
  /** How long the rename took. */
  readonly switchMicroseconds: number;
}

export interface SwitchPaths extends FencePaths {
  readonly run: string;
  readonly live: string;
}

/**
 * Points current.sock at a slot by one rename(2). Back again with the same token it writes no byte, and so works on a
 * full disk. Throws `lockLost` for a token that may not switch (see `fenced`).
 */
export function switchSlot(paths: SwitchPaths, request: SwitchRequest, clock: Clock): SwitchResult {
  const { slot, fencingToken: token } = request;
  return fenced(paths, { what: 'the switch', token }, (greatest) => {
    const link = join(paths.run, 'current.sock');
    const previous = targetOf(link);
    if (token !== greatest) writeFileAtomic(paths.fence, String(token), 0o600);
    noteLive(paths.live, slot);
    const next = slot === null ? null : prepareLink(link, `${slot}.sock`);
    const startedMs = clock.monotonicMs();
    if (next === null) rmSync(link, { force: true });
    else renameSync(next, link);
    const switchMicroseconds = Math.round((clock.monotonicMs() - startedMs) * 1000);
    return { previous, current: targetOf(link), switchMicroseconds };
  });
}
