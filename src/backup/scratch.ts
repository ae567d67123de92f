import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { diskRefusal } from '../core/disk.ts';
import { systemCodeOf } from '../core/errors.ts';
import type { Engine } from '../engine/engine.ts';

/** Gives `body` a folder for an extracted copy and removes it afterwards, also when that fails. */
export async function withScratch<T>(
  workFolder: string,
  run: string,
  body: (dataFolder: string) => Promise<T>,
): Promise<T> {
  const scratch = join(scratchRoot(workFolder), run);
  try {
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    return await body(dataFolderOf(scratch));
  } catch (error) {
    throw diskRefusal(error, scratch) ?? error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Ends and removes what runs that were killed left. The caller holds the lock: nobody else is extracting. */
export async function sweepScratch(workFolder: string, engine: Engine): Promise<number> {
  const runs = await namesIn(scratchRoot(workFolder));
  for (const run of runs) {
    const scratch = join(scratchRoot(workFolder), run);
    await engine.reap(dataFolderOf(scratch));
    await rm(scratch, { recursive: true, force: true });
  }
  return runs.length;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function scratchRoot(workFolder: string): string {
  return join(workFolder, 'scratch');
}

/** A level below, so that what its host writes beside the data folder is inside the scratch folder too. */
function dataFolderOf(scratch: string): string {
  return join(scratch, 'data');
}
