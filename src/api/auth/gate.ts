import { ApiError } from '../errors.ts';

/** Lets few in at once; the rest wait in line, and past a full line are turned away. */
export interface Gate {
  /** Throws `overloaded` when the line is full; else what `work` throws. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

export function createGate(bounds: { readonly concurrency: number; readonly waiting: number }): Gate {
  const line: (() => void)[] = [];
  let inside = 0;

  async function enter(): Promise<void> {
    if (inside < bounds.concurrency) {
      inside += 1;
      return;
    }
    if (line.length >= bounds.waiting) throw new ApiError('overloaded', { retryAfterSeconds: 1 });
    await new Promise<void>((admit) => line.push(admit));
  }

  /** The place of one who leaves goes straight to the next in line. */
  function leave(): void {
    const next = line.shift();
    if (next === undefined) inside -= 1;
    else next();
  }

  return {
    async run(work) {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
