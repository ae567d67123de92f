import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { OmpayError, systemCodeOf } from './errors.ts';
import { unfinishedPath } from './unfinished.ts';

/** A folder that is renamed onto one that is there and not empty (rename(2)). */
const IS_TAKEN: ReadonlySet<string | undefined> = new Set(['ENOTEMPTY', 'EEXIST']);

/**
 * Replaces a file so that a reader sees the old bytes or the new, never a part: temporary file in the same
 * folder, fsync, rename, fsync of the folder. The file is created with `mode`, so a secret is never readable in between.
 */
export function writeFileAtomic(path: string, content: string | Uint8Array, mode: number): void {
  writeWhole(path, content, { mode, settle: renameSync });
}

/** The same for a file that must not be there: throws EEXIST and leaves it as it is, also when another was quicker. */
export function writeNewFile(path: string, content: string | Uint8Array, mode: number): void {
  const settle = (temporary: string): void => {
    linkSync(temporary, path);
    rmSync(temporary);
  };
  writeWhole(path, content, { mode, settle });
}

interface Writing {
  readonly mode: number;
  /** Gives what was written its name. */
  readonly settle: (temporary: string, path: string) => void;
}

function writeWhole(path: string, content: string | Uint8Array, { mode, settle }: Writing): void {
  const temporary = unfinishedPath(path);
  try {
    const descriptor = openSync(temporary, 'wx', mode);
    try {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      for (let offset = 0; offset < bytes.length; ) offset += writeSync(descriptor, bytes, offset);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    settle(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/**
 * Makes a folder (0700) that is there whole or not at all: filled beside its place, then renamed. Where another process
 * was first, its folder stays.
 */
export function makeFolderWhole(path: string, fill: (folder: string) => void): void {
  const temporary = unfinishedPath(path);
  try {
    mkdirSync(temporary, { recursive: true, mode: 0o700 });
    fill(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (!IS_TAKEN.has(systemCodeOf(error))) throw error;
  }
  syncFolder(dirname(path));
}

/** Makes a rename or unlink in the folder durable. */
export function syncFolder(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Refuses a folder of another user. What root wrote there would be root's, and its owner's next command could not read it.
 * An absent folder is right. Throws `stateUnusable`.
 */
export function assertOwnFolder(path: string): void {
  const owner = statSync(path, { throwIfNoEntry: false })?.uid;
  const self = process.getuid?.();
  if (owner === undefined || self === undefined || owner === self) return;
  throw new OmpayError(
    'stateUnusable',
    `the folder ${path} belongs to user ${owner}, and this is user ${self}`,
    {
      hint: `run it as its owner, or give it away first: chown -R $(id -u) '${path}'`,
    },
  );
}
