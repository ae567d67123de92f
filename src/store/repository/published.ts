import type { KeyObject } from 'node:crypto';
import { OmpayError } from '../../core/errors.ts';
import type { Store } from '../store.ts';
import { type CatalogEntry, readCatalog } from './catalog.ts';
import { decodeManifest, type Manifest } from './manifest.ts';
import { collect, sha256Of } from './meter.ts';
import { manifestKey } from './paths.ts';

const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** What it takes to read a site's backups. */
export interface RepositoryAccess {
  readonly site: string;
  readonly stores: readonly Store[];
  /** ed25519; proves that the catalogue is ours. */
  readonly verificationKey: KeyObject;
}

/** A backup that a store's catalogue names, with its manifest, which is the one that was signed for. */
export interface PublishedBackup {
  readonly store: Store;
  /** The beginning of all keys of its server's repository. */
  readonly repository: string;
  /** The beginning of its own keys. */
  readonly base: string;
  readonly manifest: Manifest;
  readonly manifestSha256: string;
}

/** What could not be read or is not what was published; it hides nothing else. */
export interface RepositoryProblem {
  readonly store: string;
  /** Null when the whole store or catalogue is concerned. */
  readonly backup: string | null;
  readonly error: unknown;
}

export interface Published {
  /** Oldest first. */
  readonly backups: readonly PublishedBackup[];
  readonly problems: readonly RepositoryProblem[];
}

/** Every published and not pruned backup in every store. */
export async function readPublished(access: RepositoryAccess): Promise<Published> {
  const backups: PublishedBackup[] = [];
  const problems: RepositoryProblem[] = [];
  for (const store of access.stores) {
    try {
      for (const repository of await repositoriesOf(store, access.site)) {
        const found = await readRepository(store, repository, access.verificationKey);
        backups.push(...found.backups);
        problems.push(...found.problems);
      }
    } catch (error) {
      problems.push({ store: store.name, backup: null, error });
    }
  }
  backups.sort((a, b) => (a.manifest.startedAt < b.manifest.startedAt ? -1 : 1));
  return { backups, problems };
}

async function readRepository(
  store: Store,
  repository: string,
  verificationKey: KeyObject,
): Promise<Published> {
  const backups: PublishedBackup[] = [];
  const problems: RepositoryProblem[] = [];
  for (const { backup, base, manifestSha256 } of livingEntries(
    await readCatalog(store, repository, verificationKey),
  )) {
    try {
      const manifest = await readManifest(store, base, manifestSha256);
      backups.push({ store, repository, base, manifest, manifestSha256 });
    } catch (error) {
      problems.push({ store: store.name, backup, error });
    }
  }
  return { backups, problems };
}

/** The newest word on each backup, where that is that it was published. */
export function livingEntries(entries: readonly CatalogEntry[]): readonly CatalogEntry[] {
  const newest = new Map(entries.map((entry) => [entry.backup, entry]));
  return [...newest.values()].filter(({ event }) => event === 'published');
}

/** A small document of a backup. Throws `backupDamaged` when it is not the one with that hash. */
export async function readDocument(store: Store, key: string, sha256: string): Promise<Uint8Array> {
  const bytes = await collect(await store.get(key), MAX_DOCUMENT_BYTES);
  if (sha256Of(bytes) === sha256) return bytes;
  throw new OmpayError('backupDamaged', `${key} in ${store.name} is not the file that was published`, {
    hint: 'restore it from another copy',
  });
}

async function readManifest(store: Store, base: string, sha256: string): Promise<Manifest> {
  const key = manifestKey(base);
  return decodeManifest(await readDocument(store, key, sha256), key);
}

/** The repositories of a site's servers: a database made anew is another server. */
export async function repositoriesOf(store: Store, site: string): Promise<readonly string[]> {
  const suffix = '/repo.json';
  const objects = await store.list(`${site}/`);
  return objects.filter(({ key }) => key.endsWith(suffix)).map(({ key }) => key.slice(0, 1 - suffix.length));
}
