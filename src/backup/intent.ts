import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { systemCodeOf } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { readJson } from '../core/json.ts';
import { readCatalog } from '../store/repository/catalog.ts';
import { manifestKey } from '../store/repository/paths.ts';
import { livingEntries, type RepositoryAccess } from '../store/repository/published.ts';
import type { Store } from '../store/store.ts';

/**
 * Says on this machine, before the first byte is written or removed anywhere, which keys a run is about to touch. If it
 * dies, the next one removes exactly those: what has no intent is of unknown lineage and never deleted.
 */
export interface Intent {
  readonly backup: string;
  readonly repository: string;
  readonly base: string;
}

export async function recordIntent(workFolder: string, intent: Intent): Promise<void> {
  await mkdir(intentsFolder(workFolder), { recursive: true, mode: 0o700 });
  writeFileAtomic(intentPath(workFolder, intent.backup), JSON.stringify(intent), 0o600);
}

export async function dropIntent(workFolder: string, backup: string): Promise<void> {
  await rm(intentPath(workFolder, backup), { force: true });
}

/**
 * Removes the objects of every recorded backup that its store's catalogue does not name as published. A record stays
 * for as long as a store cannot be asked.
 */
export async function sweepIntents(workFolder: string, access: RepositoryAccess): Promise<number> {
  const intents = await readIntents(workFolder);
  for (const intent of intents) {
    const removals = access.stores.map((store) => removeUnpublished(store, intent, access));
    const isDone = (await Promise.allSettled(removals)).every(({ status }) => status === 'fulfilled');
    if (isDone) await dropIntent(workFolder, intent.backup);
  }
  return intents.length;
}

async function removeUnpublished(store: Store, intent: Intent, access: RepositoryAccess): Promise<void> {
  const entries = await readCatalog(store, intent.repository, access.verificationKey);
  const isPublished = livingEntries(entries).some(({ backup }) => backup === intent.backup);
  if (!isPublished) await removeBase(store, intent.base);
}

/** The manifest goes first: without it nobody takes the rest for a backup. */
export async function removeBase(store: Store, base: string): Promise<void> {
  await store.delete(manifestKey(base));
  await store.sweep(base);
  for (const { key } of await store.list(base)) await store.delete(key);
}

async function readIntents(workFolder: string): Promise<readonly Intent[]> {
  const names = await readdir(intentsFolder(workFolder)).catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  });
  return Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map((name) => readIntent(intentPath(workFolder, basename(name, '.json')))),
  );
}

async function readIntent(path: string): Promise<Intent> {
  const json = readJson(await readFile(path), {
    what: path,
    code: 'stateUnusable',
    hint: `look at it, then remove it: rm '${path}'`,
  });
  return { backup: json.text('backup'), repository: json.text('repository'), base: json.text('base') };
}

function intentsFolder(workFolder: string): string {
  return join(workFolder, 'intents');
}

function intentPath(workFolder: string, backup: string): string {
  return join(intentsFolder(workFolder), `${backup}.json`);
}
