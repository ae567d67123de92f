import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCodeOf } from '../core/errors.ts';
import { syncFolder, writeFileAtomic } from '../core/files.ts';

/** More than are ever kept on disk. */
const REMEMBERED = 20;

/** The releases that were live and watched to the end, newest first; none where the file is missing or damaged. */
export function acceptedIn(path: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

/**
 * Writes what the list will be once the release is kept. All that needs room on the disk is done here, before the switch:
 * from then on there are only renames and links.
 */
export function stageAccepted(path: string, release: string): void {
  const others = acceptedIn(path).filter((each) => each !== release);
  writeFileAtomic(nextOf(path), JSON.stringify([release, ...others].slice(0, REMEMBERED)), 0o600);
}

/** Whether a list is staged: the switch that it belongs to was not kept. */
export function isStaged(path: string): boolean {
  return exists(nextOf(path));
}

/** The staged list becomes the list, in one rename: that is what keeps a switch. */
export function commitAccepted(path: string): void {
  rmSync(previousOf(path), { force: true });
  if (exists(path)) linkSync(path, previousOf(path));
  renameSync(nextOf(path), path);
  syncFolder(dirname(path));
}

/** The list is again what it was before it was staged or committed. */
export function unstageAccepted(path: string, wasCommitted: boolean): void {
  rmSync(nextOf(path), { force: true });
  if (!wasCommitted) return;
  if (exists(previousOf(path))) renameSync(previousOf(path), path);
  else rmSync(path, { force: true });
}

function nextOf(path: string): string {
  return `${path}.next`;
}

function previousOf(path: string): string {
  return `${path}.previous`;
}

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
