import { homedir } from 'node:os';
import { join } from 'node:path';
import { type BackupSettings, type CopySettings, loadBackupSettings } from '../../config/copies.ts';
import { OmpayError } from '../../core/errors.ts';
import type { Layout } from '../../core/layout.ts';
import { didYouMean } from '../../core/nearest.ts';
import { readEnvironment } from '../../deploy/environment.ts';
import { type StoreSettings, storeOf } from '../../store/index.ts';
import type { Store } from '../../store/store.ts';

/** The store that every installation has. */
const THIS_DISK = 'this-disk';

/** Where copies of one environment's backups are. */
export interface Copies {
  /** This disk first: what is read is read there when it can be. */
  readonly stores: readonly Store[];
  readonly settings: BackupSettings;
}

/** Where the local installation's backups go: a folder of its own, and what `.env` asks for. Nothing is connected. */
export function localCopies(layout: Layout, asOfMs: number | null = null): Copies {
  return copiesOf(layout, loadBackupSettings(readEnvironment(join(layout.root, '.env'))), asOfMs);
}

/** This machine's disk, and what the settings ask for. Environments share the folder: each has its own site in it. */
export function copiesOf(layout: Layout, settings: BackupSettings, asOfMs: number | null = null): Copies {
  const own = { kind: 'directory', name: THIS_DISK, root: layout.backups, offsite: false } as const;
  const copies = settings.copies.map((copy) => storeSettings(copy, asOfMs));
  return { stores: [own, ...copies].map(storeOf), settings };
}

/** The kind is the name: there is one of each. */
function storeSettings(copy: CopySettings, asOfMs: number | null): StoreSettings {
  switch (copy.kind) {
    case 'directory':
      return { ...copy, name: copy.kind };
    case 's3':
      return { ...copy, name: copy.kind, accessKeyId: copy.accessKeyId.reveal(), asOfMs };
    case 'sftp': {
      const { host: address, port, user, keyPath, fingerprint, knownHostsPath, root, offsite } = copy;
      const hostKey =
        fingerprint === null
          ? ({
              mode: 'strict',
              knownHostsPath: knownHostsPath ?? join(homedir(), '.ssh/known_hosts'),
            } as const)
          : ({ mode: 'pinned', fingerprints: [fingerprint] } as const);
      const target = { name: 'sftp', address, port, user, login: { keyPath }, hostKey, sudo: false };
      return { kind: 'sftp', name: 'sftp', target, root, offsite };
    }
  }
}

/** The store of that name. Throws `usage`, naming those that there are. */
export function storeNamed(stores: readonly Store[], name: string): Store {
  const store = stores.find((each) => each.name === name);
  if (store !== undefined) return store;
  const names = stores.map((each) => each.name);
  throw new OmpayError(
    'usage',
    `there is no store ${JSON.stringify(name)}${didYouMean(name, names)}; there are ${names.join(', ')}`,
    {
      hint: `--from ${names[0] ?? THIS_DISK}; more are set in .env or ompay.yml (docs/copies.md)`,
    },
  );
}

/** Those that a command asks, all of them unless it names one. */
export function chosenStores(stores: readonly Store[], name: string | undefined): readonly Store[] {
  return name === undefined ? stores : [storeNamed(stores, name)];
}
