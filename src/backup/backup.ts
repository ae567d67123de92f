import type { Manifest } from '../store/repository/manifest.ts';
import type { Store } from '../store/store.ts';
import type { Backup, Copy } from './types.ts';

/** A backup from its manifest, with copies that were read back when it was published. */
export function backupOf(manifest: Manifest, stores: readonly Store[]): Backup {
  return describe(
    manifest,
    stores.map((store) => copyIn(store, manifest.finishedAt)),
  );
}

export function describe(manifest: Manifest, copies: readonly Copy[]): Backup {
  return {
    id: manifest.id,
    engine: manifest.engine,
    serverUuid: manifest.serverUuid,
    serverVersion: manifest.serverVersion,
    kind: manifest.kind,
    method: manifest.method,
    from: manifest.from,
    to: manifest.to,
    startedAt: manifest.startedAt,
    finishedAt: manifest.finishedAt,
    sizeBytes: manifest.cipher.sizeBytes,
    plainSizeBytes: manifest.plain.sizeBytes,
    copies,
  };
}

export function copyIn(store: Store, verifiedAt: string): Copy {
  const { name, medium, offsite, immutable } = store;
  return { store: name, medium, offsite, immutable, verifiedAt };
}
