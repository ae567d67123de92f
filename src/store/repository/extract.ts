import { mkdir } from 'node:fs/promises';
import { diskRefusal } from '../../core/disk.ts';
import { counted, type Progress } from '../../core/progress.ts';
import type { Secret } from '../../core/secret.ts';
import type { Store } from '../store.ts';
import type { Recipient } from './age.ts';
import { payloadKey } from './paths.ts';
import { openPayload, type PayloadDigest } from './payload.ts';
import { type Extracted, extractTar } from './tar.ts';

/** One copy of a backup, wherever it is: enough to open it. */
export interface BackupCopy extends PayloadDigest {
  readonly store: Store;
  /** The beginning of its keys. */
  readonly base: string;
  readonly recipients: readonly Recipient[];
}

export interface OpeningOptions {
  readonly identity: Secret;
  /** Keys that were replaced: older backups are for them. */
  readonly formerIdentities?: readonly Secret[];
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

/** Fetches, checks, decrypts and extracts into a folder that it makes (0700). Throws `backupDamaged`, `stateUnusable`. */
export async function extractBackup(
  copy: BackupCopy,
  options: OpeningOptions,
  folder: string,
): Promise<Extracted> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await readBackup(copy, options, (tar) => extractTar(tar, folder));
  } catch (error) {
    throw diskRefusal(error, folder) ?? error;
  }
}

/** Gives the tar inside a copy to `read`; every byte is checked by the time this resolves. */
export async function readBackup<T>(
  copy: BackupCopy,
  options: OpeningOptions,
  read: (tar: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const work = { title: `reading ${copy.store.name}`, ofBytes: copy.cipher.sizeBytes };
  const source = counted(await copy.store.get(payloadKey(copy.base)), work, options.progress);
  return openPayload(source, { ...options, recipients: copy.recipients, expected: copy }, read);
}
