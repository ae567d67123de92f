import type { Secret } from '../core/secret.ts';
import { recipientOf } from '../store/repository/age.ts';
import { readBackup } from '../store/repository/extract.ts';
import { findBackup } from '../store/repository/find.ts';
import type { RepositoryAccess } from '../store/repository/published.ts';
import { inspectTar } from '../store/repository/tar.ts';

export interface KeyCheck {
  /** `operations`, `escrow`, or the path of a file. */
  readonly name: string;
  readonly recipient: string;
  /** The newest backup, which it was tried on. */
  readonly backup: string;
  /** Why it does not open it; null when it does. */
  readonly error: unknown;
}

/** Opens the newest backup whole with each key by itself. Throws `notFound` when there is no backup. */
export async function checkKeys(
  access: RepositoryAccess,
  keys: readonly { readonly name: string; readonly identity: Secret }[],
  signal: AbortSignal,
): Promise<readonly KeyCheck[]> {
  const copies = await findBackup(access, 'latest');
  const checks: KeyCheck[] = [];
  for (const { name, identity } of keys) {
    const recipient = await recipientOf(identity);
    let error: unknown = null;
    for (const { store, base, manifest } of copies) {
      error = await readBackup({ store, base, ...manifest }, { identity, signal }, inspectTar).then(
        () => null,
        (failure: unknown) => failure,
      );
      signal.throwIfAborted();
      if (error === null) break;
    }
    checks.push({ name, recipient, backup: copies[0]?.manifest.id ?? '', error });
  }
  return checks;
}
