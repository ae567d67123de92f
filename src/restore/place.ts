import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { diskRefusal } from '../core/disk.ts';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { livingOwner, takeOwnership } from '../core/ownership.ts';

const WORK_SUFFIX = '.restoring-';
const OWNER_FILE = 'owner';

/** Ends the server that a killed run left on a folder. */
type Reap = (folder: string) => Promise<void>;

/**
 * Makes sure that `into` is absent or empty, and ends and removes what killed restores left beside it. Throws
 * `alreadyExists`, and `lockHeld` while another process restores there.
 */
export async function clearPlace(reap: Reap, into: string): Promise<void> {
  await assertEmpty(into);
  await sweepRestores(reap, into);
}

/** Gives `make` a folder beside `into` to fill; what it filled is renamed into place, and nothing else is left. */
export async function makeInPlace<T>(into: string, make: (dataFolder: string) => Promise<T>): Promise<T> {
  const workFolder = `${into}${WORK_SUFFIX}${randomBytes(4).toString('hex')}`;
  const dataFolder = join(workFolder, 'data');
  try {
    await mkdir(workFolder, { mode: 0o700 });
    takeOwnership(join(workFolder, OWNER_FILE));
    const made = await make(dataFolder);
    await rename(dataFolder, into);
    return made;
  } catch (error) {
    throw diskRefusal(error, into) ?? error;
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}

async function assertEmpty(into: string): Promise<void> {
  const names = await readdir(into).catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw diskRefusal(error, into) ?? error;
  });
  if (names.length === 0) return;
  throw new OmpayError('alreadyExists', `${into} is not empty (it holds ${names[0] ?? ''})`, {
    hint: 'restore into a new folder; to replace a database, stop it and move its folder away first',
  });
}

async function sweepRestores(reap: Reap, into: string): Promise<void> {
  const parent = dirname(into);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const prefix = `${basename(into)}${WORK_SUFFIX}`;
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const owner = livingOwner(join(parent, name, OWNER_FILE));
    if (owner !== undefined) throw beingRestored(into, owner.pid);
    await reap(join(parent, name, 'data'));
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

function beingRestored(into: string, pid: number): OmpayError {
  return new OmpayError('lockHeld', `process ${pid} is restoring into ${into}`, {
    hint: 'wait until it ends, or restore into another folder',
  });
}
