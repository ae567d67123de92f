import { OmpayError } from '../../core/errors.ts';
import { readJson } from '../../core/json.ts';
import type { Store } from '../store.ts';
import type { Recipient } from './age.ts';
import { readRecipients } from './manifest.ts';
import { collect } from './meter.ts';
import { documentOrigin } from './origin.ts';
import { type RepositoryName, repositoryFileKey, repositoryPrefix } from './paths.ts';

const FORMAT_VERSION = 1;
const MAX_BYTES = 64 * 1024;

interface RepositoryFile extends RepositoryName {
  readonly recipients: readonly Recipient[];
}

/**
 * Writes repo.json where it is missing, and again when the recipients have changed since. Throws `backupDamaged` when
 * it is of a format that this program does not know.
 */
export async function ensureRepository(store: Store, file: RepositoryFile): Promise<void> {
  const key = repositoryFileKey(repositoryPrefix(file));
  const bytes = Buffer.from(`${JSON.stringify({ version: FORMAT_VERSION, ...file }, null, 2)}\n`);
  if ((await store.head(key)) === undefined) {
    await store.put(key, bytes);
    return;
  }
  const json = readJson(await collect(await store.get(key), MAX_BYTES), documentOrigin(key));
  assertVersion(json.whole('version'), key);
  if (JSON.stringify(readRecipients(json)) !== JSON.stringify(file.recipients)) await store.put(key, bytes);
}

function assertVersion(version: number, key: string): void {
  if (version === FORMAT_VERSION) return;
  throw new OmpayError('backupDamaged', `${key} has format version ${version}; known is ${FORMAT_VERSION}`, {
    hint: 'use the release of ompay that made this repository, or a newer one',
  });
}
