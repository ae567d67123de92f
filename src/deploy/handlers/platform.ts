import { copyFileSync, existsSync, linkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemCodeOf } from '../../core/errors.ts';
import { makeFolderWhole, writeFileAtomic } from '../../core/files.ts';
import type { Layout } from '../../core/layout.ts';
import { contentHash } from '../../core/release-manifest.ts';
import { bundle } from '../bundle.ts';

/** The local programs that outlive releases: bundled like them, kept under their content. */
export interface Platform {
  readonly id: string;
  readonly folder: string;
  readonly nodePath: string;
}

const ENTRIES = [
  { entry: 'src/front/supervisor-main.ts', output: 'supervisor.mjs' },
  { entry: 'src/front/front-main.ts', output: 'front.mjs' },
  { entry: 'src/engine/pglite-host-main.ts', output: 'pglite-host.mjs' },
] as const;
/** What PGlite reads beside its code. */
const ASSETS = ['pglite.data', 'pglite.wasm', 'initdb.wasm'] as const;

/** Puts the programs, PGlite's files and the runtime in place; what is there already is left alone. */
export async function installPlatform(layout: Layout, programRoot: string): Promise<Platform> {
  const files = await Promise.all(
    ENTRIES.map(({ entry, output }) => bundle({ root: programRoot, entry, output })),
  );
  const id = contentHash(files, `node ${process.versions.node}`).slice(0, 12);
  const folder = join(layout.platform, id);
  const nodePath = installRuntime(layout);
  if (existsSync(folder)) return { id, folder, nodePath };
  makeFolderWhole(folder, (temporary) => {
    for (const file of files) writeFileAtomic(join(temporary, file.path), file.content, 0o600);
    for (const asset of ASSETS)
      linkOrCopy(join(programRoot, 'node_modules/@electric-sql/pglite/dist', asset), join(temporary, asset));
  });
  return { id, folder, nodePath };
}

/** The runtime is an object of its own: releases do not carry its 120 MB, and `npm ci` may take the original away. */
export function installRuntime(layout: Layout): string {
  const folder = join(layout.runtimes, `node-${process.versions.node}-${process.platform}-${process.arch}`);
  const path = join(folder, 'node');
  if (existsSync(path)) return path;
  makeFolderWhole(folder, (temporary) => linkOrCopy(process.execPath, join(temporary, 'node')));
  return path;
}

/** A hard link costs nothing; another file system needs a copy. */
function linkOrCopy(source: string, target: string): void {
  rmSync(target, { force: true });
  try {
    linkSync(source, target);
  } catch (error) {
    if (!['EXDEV', 'EPERM', 'EMLINK', 'EACCES'].includes(systemCodeOf(error) ?? '')) throw error;
    copyFileSync(source, target);
  }
}
