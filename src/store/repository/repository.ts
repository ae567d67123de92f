import type { KeyObject } from 'node:crypto';
import { OmpayError } from '../../core/errors.ts';
import { type JsonReader, readJson } from '../../core/json.ts';
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
  /** Whose signature the catalogue has. */
  readonly verificationKey: KeyObject;
}

/**
 * Writes repo.json where it is missing, and again when the recipients or the signer have changed since. Throws `backupDamaged` when
 * it is of a format that this program does not know.
 */
export async function ensureRepository(store: Store, file: RepositoryFile): Promise<void> {
  const { verificationKey, ...rest } = file;
  const key = repositoryFileKey(repositoryPrefix(file));
  const signer = verificationKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const bytes = Buffer.from(`${JSON.stringify({ version: FORMAT_VERSION, ...rest, signer }, null, 2)}\n`);
  if ((await store.head(key)) === undefined) {
    await store.put(key, bytes);
    return;
  }
  const json = readJson(await collect(await store.get(key), MAX_BYTES), documentOrigin(key));
  assertVersion(json.whole('version'), key);
  const isSame =
    JSON.stringify(readRecipients(json)) === JSON.stringify(file.recipients) && signerIn(json) === signer;
  if (!isSame) await store.put(key, bytes);
}

/** The public key that the repository says of itself (SPKI, base64); undefined of one that was made before it was said. */
export async function saidSigner(store: Store, repository: string): Promise<string | undefined> {
  const key = repositoryFileKey(repository);
  const json = readJson(await collect(await store.get(key), MAX_BYTES), documentOrigin(key));
  assertVersion(json.whole('version'), key);
  return signerIn(json);
}

function signerIn(json: JsonReader): string | undefined {
  return json.has('signer') ? json.text('signer') : undefined;
}

function assertVersion(version: number, key: string): void {
  if (version === FORMAT_VERSION) return;
  throw new OmpayError('backupDamaged', `${key} has format version ${version}; known is ${FORMAT_VERSION}`, {
    hint: 'use the release of ompay that made this repository, or a newer one',
  });
}
