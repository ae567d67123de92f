import { basename, join } from 'node:path';
import { OmpayError } from '../../core/errors.ts';
import { releasePlaces } from '../../core/server-layout.ts';
import { takeInventory } from './inventory.ts';
import { prune } from './prune.ts';
import { verifyRelease } from './verify.ts';

/**
 * `verify RELEASE` (`verify RELEASE FOLDER` for one that does not have its name yet), `inventory` and `prune KEEP`, each with
 * `--root FOLDER` first where its paths are below one. What they give is printed as JSON. Undefined for another command.
 */
export function releaseCommand(command: string, words: readonly string[]): object | undefined {
  const [root, rest] = words[0] === '--root' ? [words[1] ?? '', words.slice(2)] : ['', words];
  switch (command) {
    case 'verify':
      return verify(root, rest);
    case 'inventory':
      return takeInventory(releasePlaces(root));
    case 'prune':
      return prune(releasePlaces(root), keepOf(rest));
    default:
      return undefined;
  }
}

function verify(root: string, [id = '', folder = id]: readonly string[]): object {
  const places = releasePlaces(root);
  // Nothing is run from elsewhere than right under `releases`.
  const isPlain = [id, folder].every((name) => basename(name) === name && !['', '.', '..'].includes(name));
  if (!isPlain) throw usage(`verify ${id} ${folder}`, 'verify RELEASE');
  const { version, files } = verifyRelease(join(places.releases, folder), places, id);
  return { release: id, version, files: files.length };
}

function keepOf([keep = '']: readonly string[]): number {
  if (!/^[1-9]\d{0,2}$/.test(keep)) throw usage(`prune ${keep}`, 'prune 5');
  return Number(keep);
}

function usage(seen: string, right: string): OmpayError {
  return new OmpayError('usage', `the agent does not know what ${JSON.stringify(seen)} means`, {
    hint: `${right}, on the host`,
  });
}
