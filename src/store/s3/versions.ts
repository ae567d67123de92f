import type { BucketObject } from './bucket.ts';

export interface ObjectVersion extends BucketObject {
  /** A mark that says the key is gone; the versions before it are still there. */
  readonly isDeletion: boolean;
}

/** Pure. What each key was at a moment, in the order of keys: the newest of its versions until then, unless it was gone. */
export function stateAt(versions: readonly ObjectVersion[], atMs: number): readonly BucketObject[] {
  const newest = new Map<string, ObjectVersion>();
  for (const version of versions) {
    if (version.modifiedAtMs > atMs) continue;
    const known = newest.get(version.key);
    if (known === undefined || known.modifiedAtMs < version.modifiedAtMs) newest.set(version.key, version);
  }
  return [...newest.values()]
    .filter(({ isDeletion }) => !isDeletion)
    .map(({ isDeletion: _, ...object }) => object)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}
