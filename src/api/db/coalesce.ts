export interface CoalesceLimits {
  /** Most keys in one load. */
  readonly maxBatch: number;
}

/** A key's value, or undefined when the load did not find it. */
export type CoalescedRead<K, V> = (key: K) => Promise<V | undefined>;

interface Batch<K, V> {
  readonly keys: Set<K>;
  readonly found: Promise<ReadonlyMap<K, V>>;
}

/**
 * Answers the reads of one moment by one load: keys asked for until the event loop turns go together, each once.
 * Nothing is kept afterwards, so a read sees what was committed when it was asked for. A failed load fails its readers.
 * Keys are compared as a Map compares them.
 */
export function coalesce<K, V>(
  load: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
  limits: CoalesceLimits,
): CoalescedRead<K, V> {
  let open: Batch<K, V> | undefined;

  const openBatch = (): Batch<K, V> => {
    const keys = new Set<K>();
    const found = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      if (open === batch) open = undefined;
      return load([...keys]);
    });
    const batch: Batch<K, V> = { keys, found };
    return batch;
  };

  return async (key) => {
    if (open === undefined || open.keys.size >= limits.maxBatch) open = openBatch();
    open.keys.add(key);
    const found = await open.found;
    return found.get(key);
  };
}
