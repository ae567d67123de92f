/** Work under one name runs one after the other; under different names, at once. */
export interface Turns {
  /** Throws what `work` throws. */
  run<T>(name: string, work: () => Promise<T>): Promise<T>;
}

export function createTurns(): Turns {
  const lines = new Map<string, Promise<unknown>>();
  return {
    async run(name, work) {
      const before = lines.get(name) ?? Promise.resolve();
      const mine = before.then(work);
      const over = mine.catch(() => {});
      lines.set(name, over);
      try {
        return await mine;
      } finally {
        if (lines.get(name) === over) lines.delete(name);
      }
    },
  };
}
