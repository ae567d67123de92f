import { lstatSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { syncFolder } from '../files.ts';
import type { Layout, Slot } from '../layout.ts';

/** Where it is kept which slot is live: what the front follows, and a note of it that outlives the run folder. */
export type LivePaths = Pick<Layout, 'currentSocket' | 'live'>;

/** The slot that `current.sock` points to; without that link the one that was noted, null when there is none. */
export function liveSlot(paths: LivePaths): Slot | null {
  return slotOf(targetOf(paths.currentSocket) ?? targetOf(paths.live));
}

/**
 * Notes the live slot (null: none). A link and not a file, as `current.sock` is one: it is replaced by one rename,
 * and a short link takes no block of the disk, so a full disk keeps nobody from switching back.
 */
export function noteLive(path: string, slot: Slot | null): void {
  if (targetOf(path) === slot) return;
  if (slot === null) rmSync(path, { force: true });
  else renameSync(prepareLink(path, slot), path);
  syncFolder(dirname(path));
}

/** Makes link and note agree: the link wins; the system may have emptied the folder where it was. */
export function restoreLive(paths: LivePaths): void {
  const slot = liveSlot(paths);
  if (slot === null) return;
  noteLive(paths.live, slot);
  if (targetOf(paths.currentSocket) === null)
    renameSync(prepareLink(paths.currentSocket, `${slot}.sock`), paths.currentSocket);
}

/** What the link names, without its folder; null when there is no link. */
export function targetOf(link: string): string | null {
  try {
    return lstatSync(link).isSymbolicLink() ? basename(readlinkSync(link)) : null;
  } catch {
    return null;
  }
}

/** A link beside the one that it will replace, so that replacing is a rename inside one folder. */
export function prepareLink(link: string, target: string): string {
  const next = `${link}.next`;
  rmSync(next, { force: true });
  symlinkSync(target, next);
  return next;
}

function slotOf(target: string | null): Slot | null {
  const name = target?.replace(/\.sock$/, '');
  return name === 'blue' || name === 'green' ? name : null;
}
