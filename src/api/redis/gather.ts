/**
 * Does the work of one moment together: items given until the event loop turns, and all that come while earlier work
 * of `atOnce` batches is under way, go as one batch in their order. Failed work fails its batch.
 * @param work gives one result an item, in their order.
 */
export function gather<I, R>(
  work: (items: readonly I[]) => Promise<readonly R[]>,
  limits: { readonly maxBatch: number; readonly atOnce: number },
): (item: I) => Promise<R> {
  const waiting: { readonly item: I; readonly result: PromiseWithResolvers<R> }[] = [];
  let underWay = 0;
  let scheduled = false;

  const workBatch = async (): Promise<void> => {
    const batch = waiting.splice(0, limits.maxBatch);
    try {
      const results = await work(batch.map(({ item }) => item));
      for (const [index, result] of results.entries()) batch[index]?.result.resolve(result);
    } catch (error) {
      for (const { result } of batch) result.reject(error);
    }
  };

  const next = (): void => {
    scheduled = false;
    while (waiting.length > 0 && underWay < limits.atOnce) {
      underWay += 1;
      void workBatch().then(() => {
        underWay -= 1;
        next();
      });
    }
  };

  return (item) => {
    const result = Promise.withResolvers<R>();
    waiting.push({ item, result });
    if (!scheduled) {
      scheduled = true;
      setImmediate(next);
    }
    return result.promise;
  };
}
