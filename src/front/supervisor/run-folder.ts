import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { OmpayError } from '../../core/errors.ts';

/**
 * Makes the folder of sockets and pid files, of this user alone (0700). It may lie in the system's temporary folder,
 * where another user could have made it first: throws `stateUnusable` unless it is a folder of ours.
 */
export function ensureRunFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new OmpayError('stateUnusable', `${path} is not a folder of this user (owner ${found.uid})`, {
      hint: `have it removed by its owner: ls -ld '${path}'`,
    });
  }
  chmodSync(path, 0o700);
}
