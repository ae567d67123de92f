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
 * A query costs as much as the rows of ten keys, so under load few large ones are better; a second one so that a slow
 * load does not hold up everybody.
 */
const MOST_LOADS = 2;

/**
 * Answers the reads of one moment by one load: keys asked for until the event loop turns, and until one of two loads is
 * over, go together, each once. Nothing is kept afterwards, so a read sees what was committed when it was asked for.
 * A failed load fails its readers. Keys are compared as a Map compares them.
 */
export function coalesce<K, V>(
  load: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
  limits: CoalesceLimits,
): CoalescedRead<K, V> {
  const line: (() => void)[] = [];
  let loading = 0;
  let open: Batch<K, V> | undefined;

  const enter = async (): Promise<void> => {
    if (loading < MOST_LOADS) loading += 1;
    else await new Promise<void>((admit) => line.push(admit));
  };
  /** The place of a load that is over goes straight to the next in line. */
  const leave = (): void => {
    const next = line.shift();
    if (next === undefined) loading -= 1;
    else next();
  };

  const loadNow = async (batch: Batch<K, V>): Promise<ReadonlyMap<K, V>> => {
    if (open === batch) open = undefined;
    try {
      return await load([...batch.keys]);
    } finally {
      leave();
    }
  };

  const openBatch = (): Batch<K, V> => {
    const found = new Promise<void>((resolve) => setImmediate(resolve))
      .then(enter)
      .then(() => loadNow(batch));
    const batch: Batch<K, V> = { keys: new Set(), found };
    return batch;
  };

  return async (key) => {
    if (open === undefined || open.keys.size >= limits.maxBatch) open = openBatch();
    open.keys.add(key);
    const found = await open.found;
    return found.get(key);
  };
}
