import type { Clock } from '../../core/clock.ts';
import type { OpenWitness } from './witness.ts';

/** Looks at the ledger beside the watch, one look at a time, so that a slow look holds nothing up. */
export interface LedgerWatch {
  /** Begins a look unless one is under way. */
  begin(): void;
  /** What the looks that ended found broken, or null. */
  broken(): string | null;
  /** How many looks ended with an answer. */
  looks(): number;
  /** A look that began after this call; given up after a time limit. */
  finish(clock: Clock): Promise<void>;
}

const LAST_LOOK_MS = 5000;

export function watchLedger(witness: Pick<OpenWitness, 'invariants'>): LedgerWatch {
  let running: Promise<void> | undefined;
  let found: string | null = null;
  let looks = 0;
  const look = async (): Promise<void> => {
    try {
      found ??= await witness.invariants();
      looks += 1;
    } catch {
      // Could not look: the next second does. Without any look the verdict is inconclusive.
    } finally {
      running = undefined;
    }
  };
  const begin = (): void => {
    running ??= look();
  };
  return {
    begin,
    broken: () => found,
    looks: () => looks,
    finish: async (clock) => {
      const enough = new AbortController();
      const last = async (): Promise<void> => {
        await running;
        begin();
        await running;
      };
      const limit = clock.sleep(LAST_LOOK_MS, enough.signal).catch(() => {});
      await Promise.race([last(), limit]);
      enough.abort();
    },
  };
}
