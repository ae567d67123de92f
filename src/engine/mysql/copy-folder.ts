import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { OmpayError } from '../../core/errors.ts';
import { dropOwnership, takeOwnership } from '../../core/ownership.ts';
import { notedFolder, reapProcess, type ScratchProgram } from '../scratch-process.ts';
import { MYSQLD } from './server.ts';

const CLONES = 'clones';
const OWNER_FILE = 'clones.owner';

/**
 * Gives `body` a name for a copy's folder; removes it afterwards, and first what killed captures left, with the programs
 * that still write there. Throws `lockHeld` while another capture runs.
 */
export async function withCopyFolder<T>(
  workFolder: string,
  label: string,
  body: (folder: string) => Promise<T>,
  programs: readonly ScratchProgram[] = [MYSQLD],
): Promise<T> {
  const clones = join(workFolder, CLONES);
  const ownerFile = join(workFolder, OWNER_FILE);
  await mkdir(clones, { recursive: true, mode: 0o700 });
  const owner = takeOwnership(ownerFile);
  if (owner !== undefined) {
    throw new OmpayError('lockHeld', `process ${owner.pid} makes a copy in ${workFolder}`, {
      hint: 'wait until it has ended, then try again',
    });
  }
  try {
    await sweep(clones, programs);
    return await body(join(clones, label));
  } finally {
    await sweep(clones, programs);
    dropOwnership(ownerFile);
  }
}

async function sweep(clones: string, programs: readonly ScratchProgram[]): Promise<void> {
  const names = await readdir(clones);
  for (const program of programs) {
    for (const name of names) {
      const noted = notedFolder(program, join(clones, name));
      if (noted !== undefined) await reapProcess(program, noted);
    }
  }
  for (const name of names) await rm(join(clones, name), { recursive: true, force: true });
}
