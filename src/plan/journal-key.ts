import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { assertOwnFolder, writeFileAtomic } from '../core/files.ts';
import { withMutex } from '../core/mutex.ts';

const MUTEX_TIMEOUT_MS = 5000;

export interface JournalKeyFiles {
  /** In the journal's folder, which is made with the key's. */
  readonly mutex: string;
  readonly privateKey: string;
  readonly publicKey: string;
}

/** The private key, made on first use under a mutex so that two first commands agree on one. */
export function journalKey(files: JournalKeyFiles): KeyObject {
  prepareFolders(files);
  return withMutex(files.mutex, MUTEX_TIMEOUT_MS, () => {
    try {
      return createPrivateKey(readFileSync(files.privateKey));
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') throw unreadableKey(files.privateKey, error);
    }
    const pair = generateKeyPairSync('ed25519');
    writeFileAtomic(files.publicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }), 0o644);
    writeFileAtomic(files.privateKey, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
    return pair.privateKey;
  });
}

/** The key that verifies; undefined before the first line was written. */
export function journalPublicKey(files: JournalKeyFiles): KeyObject | undefined {
  try {
    return createPublicKey(readFileSync(files.publicKey));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw unreadableKey(files.publicKey, error);
  }
}

function prepareFolders(files: JournalKeyFiles): void {
  for (const path of [files.mutex, files.privateKey]) {
    const folder = join(path, '..');
    assertOwnFolder(join(folder, '..'));
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      chmodSync(folder, 0o700);
    } catch (error) {
      throw new OmpayError(
        'stateUnusable',
        `cannot make the folder ${folder} (${systemCodeOf(error) ?? 'no code'})`,
        {
          hint: 'make its parent writable for this user, or choose another place with -C FOLDER',
          cause: error,
        },
      );
    }
  }
}

function unreadableKey(path: string, cause: unknown): OmpayError {
  const code = systemCodeOf(cause);
  // OpenSSL's codes (ERR_OSSL_…) are about what the file holds, the system's about reaching it.
  const isReached = code === undefined || code.startsWith('ERR_');
  return new OmpayError('stateUnusable', `cannot read the journal's key ${path} (${code ?? 'not a key'})`, {
    hint: isReached
      ? `restore ${path} from its copy; without it new lines cannot be signed`
      : `make ${path} readable for this user, or choose another place with -C FOLDER`,
    cause,
  });
}
