import type { KeyObject } from 'node:crypto';
import { OmpayError } from '../../core/errors.ts';
import type { Store } from '../store.ts';
import { collect } from './meter.ts';
import { catalogKey, catalogPrefix } from './paths.ts';
import { openRecord, sealRecord } from './record.ts';

/** The hash before the first entry. */
export const GENESIS_HASH = '0'.repeat(64);
export const MAX_ENTRY_BYTES = 64 * 1024;
const MAX_APPEND_TRIES = 5;

/** What happened to a backup: it became one, or was given up (with the reason). */
export interface CatalogEvent {
  readonly event: 'published' | 'pruned';
  readonly at: string;
  readonly backup: string;
  /** The backup's folder, its key's beginning. */
  readonly base: string;
  readonly manifestSha256: string;
  readonly reason: string;
}

export interface CatalogEntry extends CatalogEvent {
  readonly seq: number;
}

interface Chain {
  readonly entries: readonly CatalogEntry[];
  readonly headHash: string;
}

/**
 * Every entry in order, proven: numbers without a gap, each holding the hash of the one before, each signed.
 * Throws `backupDamaged` naming the entry where that ends. A cut tail cannot be seen from the catalogue alone.
 */
export async function readCatalog(
  store: Store,
  repository: string,
  verificationKey: KeyObject,
): Promise<readonly CatalogEntry[]> {
  return (await readChain(store, repository, verificationKey)).entries;
}

/** Appends one entry to a store's catalogue and returns its number. Of two at once, each gets a number of its own. */
export async function appendCatalog(
  store: Store,
  repository: string,
  event: CatalogEvent,
  keys: { readonly signingKey: KeyObject; readonly verificationKey: KeyObject },
): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const chain = await readChain(store, repository, keys.verificationKey);
    const seq = chain.entries.length + 1;
    const record = sealRecord({ version: 1, seq, previous: chain.headHash, ...event }, keys.signingKey);
    try {
      await store.put(catalogKey(repository, seq), record.bytes, { ifAbsent: true });
      return seq;
    } catch (error) {
      const isTaken = error instanceof OmpayError && error.code === 'alreadyExists';
      if (!isTaken || tries === MAX_APPEND_TRIES) throw error;
    }
  }
}

async function readChain(store: Store, repository: string, verificationKey: KeyObject): Promise<Chain> {
  const entries: CatalogEntry[] = [];
  let headHash = GENESIS_HASH;
  for (const { key } of await store.list(catalogPrefix(repository))) {
    const seq = entries.length + 1;
    if (key !== catalogKey(repository, seq)) throw broken(key, `entry ${seq} should be next`);
    const bytes = await collect(await store.get(key), MAX_ENTRY_BYTES);
    const { content, hash } = openRecord(bytes, verificationKey, key);
    if (content.whole('seq') !== seq) throw broken(key, `it says that it is entry ${content.whole('seq')}`);
    if (content.text('previous') !== headHash) throw broken(key, 'it does not follow the entry before it');
    entries.push({
      seq,
      event: content.text('event') === 'pruned' ? 'pruned' : 'published',
      at: content.text('at'),
      backup: content.text('backup'),
      base: content.text('base'),
      manifestSha256: content.text('manifestSha256'),
      reason: content.text('reason'),
    });
    headHash = hash;
  }
  return { entries, headHash };
}

/** An entry's own hash and the one that it follows. Throws `backupDamaged` when it was changed or is not ours. */
export function catalogHash(
  bytes: Uint8Array,
  verificationKey: KeyObject,
  key: string,
): { readonly previous: string; readonly hash: string } {
  const { content, hash } = openRecord(bytes, verificationKey, key);
  return { previous: content.text('previous'), hash };
}

function broken(key: string, why: string): OmpayError {
  return new OmpayError('backupDamaged', `the catalogue is broken at ${key}: ${why}`, {
    hint: 'compare it with another copy before trusting this store',
  });
}
