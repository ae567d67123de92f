import { copyFileSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';

/** Each log keeps at most this much, and so many older parts. */
export const MAX_LOG_BYTES = 10_000_000;
const OLDER_PARTS = 3;

/**
 * Moves a log that has grown too large aside: copied, then cut to nothing under its writer, who appends (O_APPEND) and
 * so goes on at the new end. Lines written between the copy and the cut are lost: microseconds, once in 10 MB.
 */
export function rotateLog(path: string): void {
  if (sizeOf(path) < MAX_LOG_BYTES) return;
  rmSync(`${path}.${OLDER_PARTS}`, { force: true });
  for (let part = OLDER_PARTS - 1; part >= 1; part -= 1) {
    if (sizeOf(`${path}.${part}`) > 0) renameSync(`${path}.${part}`, `${path}.${part + 1}`);
  }
  copyFileSync(path, `${path}.1`);
  truncateSync(path, 0);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
