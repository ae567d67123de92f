import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { diskRefusal } from '../../core/disk.ts';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import type { Layout } from '../../core/layout.ts';
import { unfinishedPath } from '../../core/unfinished.ts';
import type { Runtime } from './types.ts';

/**
 * The Node that runs this program, as servers will have it: the same version on every machine, and nothing to install there.
 * Throws `preflightFailed` where that is no Linux binary.
 */
export async function runtimeHere(path = process.execPath): Promise<Runtime> {
  const platform = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') {
    throw new OmpayError('preflightFailed', `servers need Node for Linux, and this machine has ${platform}`, {
      hint: 'deploy from a Linux machine or a pipeline',
    });
  }
  const [sha256, { size }] = await Promise.all([hashOf(path), stat(path)]);
  return { sha256, version: process.versions.node, platform, path, sizeBytes: size };
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/**
 * The binary as gzip (every server can open that), made once and kept beside the runtimes of this installation. Throws
 * `stateUnusable` when the disk refuses.
 */
export async function compressedRuntime(layout: Layout, runtime: Runtime): Promise<Uint8Array> {
  const path = join(layout.runtimes, `${runtime.sha256}.gz`);
  try {
    return await readFile(path);
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw diskRefusal(error, path) ?? error;
  }
  await compress(runtime.path, path);
  return readFile(path);
}

async function compress(source: string, target: string): Promise<void> {
  const temporary = unfinishedPath(target);
  try {
    await mkdir(join(target, '..'), { recursive: true, mode: 0o700 });
    await pipeline(
      createReadStream(source),
      createGzip(),
      createWriteStream(temporary, { mode: 0o600, flush: true }),
    );
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw diskRefusal(error, target) ?? error;
  }
}
