import type { KeyObject } from 'node:crypto';
import { OmpayError } from '../../core/errors.ts';
import type { Store } from '../store.ts';
import { catalogHash, GENESIS_HASH, MAX_ENTRY_BYTES } from './catalog.ts';
import { collect } from './meter.ts';
import { catalogKey, catalogPrefix } from './paths.ts';

export interface Donors {
  /** Stores whose catalogues may hold what this one lost. */
  readonly stores: readonly Store[];
  readonly verificationKey: KeyObject;
}

/**
 * Puts back entries of a store's catalogue that were lost or changed, from stores that have the very entry that follows:
 * each is signed and names the hash of the one before, so nothing else fits. Returns how many were put back.
 * What no store can give back stays as it is, and is told by whoever reads the catalogue.
 */
export async function mendCatalog(store: Store, repository: string, donors: Donors): Promise<number> {
  const { verificationKey } = donors;
  const lastSeq = await countOf(store, repository);
  let headHash = GENESIS_HASH;
  let mended = 0;
  for (let seq = 1; seq <= lastSeq; seq += 1) {
    const place = { repository, seq, headHash, verificationKey };
    const own = await entryAfter(store, place);
    const given = own ?? (await firstGiven(donors.stores, place));
    if (given === undefined) return mended;
    if (own === undefined) {
      await store.put(catalogKey(repository, seq), given.bytes);
      mended += 1;
    }
    headHash = given.hash;
  }
  return mended;
}

/** The highest number that is there: what is missing below it was lost. */
async function countOf(store: Store, repository: string): Promise<number> {
  const last = (await store.list(catalogPrefix(repository))).at(-1);
  return last === undefined
    ? 0
    : Number(last.key.slice(catalogPrefix(repository).length, -'.json'.length)) || 0;
}

interface Place {
  readonly repository: string;
  readonly seq: number;
  readonly headHash: string;
  readonly verificationKey: KeyObject;
}

interface Entry {
  readonly bytes: Uint8Array;
  readonly hash: string;
}

async function firstGiven(stores: readonly Store[], place: Place): Promise<Entry | undefined> {
  for (const store of stores) {
    const entry = await entryAfter(store, place).catch(() => undefined);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** Undefined when it is missing, or is not what follows. A store that is away throws. */
async function entryAfter(
  store: Store,
  { repository, seq, headHash, verificationKey }: Place,
): Promise<Entry | undefined> {
  const key = catalogKey(repository, seq);
  try {
    const bytes = await collect(await store.get(key), MAX_ENTRY_BYTES);
    const { previous, hash } = catalogHash(bytes, verificationKey, key);
    return previous === headHash ? { bytes, hash } : undefined;
  } catch (error) {
    const isLost = error instanceof OmpayError && ['notFound', 'backupDamaged'].includes(error.code);
    if (isLost || error instanceof RangeError) return undefined;
    throw error;
  }
}
