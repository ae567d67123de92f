import { renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { PendingSwitch } from '../core/carrier/facts.ts';
import { syncFolder } from '../core/files.ts';
import { prepareLink, targetOf } from '../core/slots/live.ts';

/**
 * The note of an armed switch: `blue-green-17` leads from blue to green, for token 17. A link, so that it takes no block
 * of the disk, and one rename makes it.
 */
export function readPending(path: string): PendingSwitch | null {
  const match = /^(blue|green|none)-(blue|green)-(\d+)$/.exec(targetOf(path) ?? '');
  if (match === null) return null;
  const [, from, to, token] = match;
  return {
    from: from === 'blue' || from === 'green' ? from : null,
    to: to === 'blue' ? 'blue' : 'green',
    token: Number(token),
  };
}

export function notePending(path: string, { from, to, token }: PendingSwitch): void {
  renameSync(prepareLink(path, `${from ?? 'none'}-${to}-${token}`), path);
  syncFolder(dirname(path));
}

export function clearPending(path: string): void {
  rmSync(path, { force: true });
  syncFolder(dirname(path));
}
