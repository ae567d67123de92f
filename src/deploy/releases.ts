import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { makeFolderWhole, writeFileAtomic } from '../core/files.ts';
import { type BundledFile, sha256 } from './bundle.ts';
import type { Release } from './types.ts';

const MANIFEST = 'manifest.json';

/**
 * The releases kept on this machine, newest first. A folder without a manifest of its own name was never finished.
 * Throws `stateUnusable` when they cannot be read.
 */
export function listReleases(folder: string): Release[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw unusable('read', folder, error);
  }
  return names
    .map((name) => readManifest(join(folder, name)))
    .filter((release) => release !== undefined)
    .sort((a, b) => b.builtAt.localeCompare(a.builtAt));
}

function readManifest(folder: string): Release | undefined {
  const path = join(folder, MANIFEST);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (UNFINISHED.has(systemCodeOf(error))) return undefined;
    throw unusable('read', path, error);
  }
  const release = parseManifest(text);
  return release?.id === basename(folder) ? release : undefined;
}

/** No manifest, or a file where a release's folder would be. */
const UNFINISHED: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR']);

function parseManifest(text: string): Release | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRelease(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRelease(value: unknown): value is Release {
  if (typeof value !== 'object' || value === null) return false;
  const record: Readonly<Record<string, unknown>> = { ...value };
  const texts = ['id', 'version', 'sha256', 'builtAt', 'node', 'newestMigration'];
  return texts.every((name) => typeof record[name] === 'string') && Array.isArray(record.files);
}

/** Finds a release by its id or an unambiguous beginning of it. Throws `notFound` naming those that exist. */
export function findRelease(releases: readonly Release[], wanted: string): Release {
  const matches = releases.filter((release) => release.id.startsWith(wanted));
  const [match] = matches;
  if (match !== undefined && matches.length === 1) return match;
  const known = releases.map((release) => release.id).join(', ') || 'none';
  const what = match === undefined ? 'no release is named' : 'more than one release begins with';
  throw new OmpayError('notFound', `${what} ${JSON.stringify(wanted)}; kept here: ${known}`, {
    hint: 'list them: ompay releases',
  });
}

/**
 * Writes a release so that it is there whole or not at all: a folder beside it, filled, synced, renamed.
 * Throws `stateUnusable` when the disk refuses.
 */
export function storeRelease(folder: string, release: Release, files: readonly BundledFile[]): void {
  const target = join(folder, release.id);
  try {
    makeFolderWhole(target, (temporary) => {
      for (const file of files) writeFileAtomic(join(temporary, file.path), file.content, 0o600);
      writeFileAtomic(join(temporary, MANIFEST), `${JSON.stringify(release, null, 2)}\n`, 0o600);
      rmSync(target, { recursive: true, force: true });
    });
  } catch (error) {
    throw unusable('write', target, error);
  }
}

/** The files of a release that are missing or not the ones that were built. */
export function damagedFiles(folder: string, release: Release): string[] {
  return release.files
    .filter((file) => hashOfFile(join(folder, release.id, file.path)) !== file.sha256)
    .map((file) => file.path);
}

function hashOfFile(path: string): string | undefined {
  try {
    return sha256(readFileSync(path));
  } catch {
    return undefined;
  }
}

/**
 * The releases that may go: all but those in a slot and the newest `keep`. Pure.
 * @param inSlots ids that run or are kept warm.
 */
export function releasesToPrune(
  releases: readonly Release[],
  inSlots: readonly string[],
  keep: number,
): Release[] {
  const newestFirst = [...releases].sort((a, b) => b.builtAt.localeCompare(a.builtAt));
  const kept = new Set([...inSlots, ...newestFirst.slice(0, keep).map((release) => release.id)]);
  return newestFirst.filter((release) => !kept.has(release.id));
}

/** Throws `stateUnusable` when the disk refuses. */
export function removeRelease(folder: string, id: string): void {
  const path = join(folder, id);
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    throw unusable('remove', path, error);
  }
}

/** What the system refused; an error without its code is a fault of ours and stays as it is. */
function unusable(verb: 'read' | 'write' | 'remove', path: string, error: unknown): unknown {
  const code = systemCodeOf(error);
  if (code === undefined) return error;
  return new OmpayError('stateUnusable', `cannot ${verb} ${path} (${code})`, {
    hint:
      HINT_BY_CODE[code]?.(path) ??
      `see what is wrong: ls -ld '${path}'; or choose another place with -C FOLDER`,
    cause: error,
  });
}

const mendRights = (path: string): string =>
  `sudo chown -R "$(id -un)" '${path}' && chmod -R u+rwX '${path}', or choose another place with -C FOLDER`;

const HINT_BY_CODE: Readonly<Record<string, (path: string) => string>> = {
  EACCES: mendRights,
  EPERM: mendRights,
  ENOTDIR: (path) =>
    `a file stands where a folder of '${path}' belongs: move it away, or choose another place with -C FOLDER`,
  EROFS: (path) => `the disk of '${path}' is read-only: choose another place with -C FOLDER`,
  ENOSPC: (path) => `make room: df -h '${dirname(path)}'`,
};
