import type { Clock } from '../core/clock.ts';
import type { Database } from './db/open.ts';
import { withinTime } from './db/time-limit.ts';
import type { Logger } from './log.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { migrationStatus } from './migrations/runner.ts';

/** Why a process should get no traffic. */
export type Obstacle = 'draining' | 'event_loop' | 'database' | 'migrations';

export interface Readiness {
  /** From now on it is not ready; before the process stops to listen. */
  beginDraining(): void;
  isDraining(): boolean;
  /** Bounded to a second, and one query for all who ask within a quarter of one. Empty: ready. */
  obstacles(): Promise<readonly Obstacle[]>;
}

export interface ReadinessParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  /** Mean delay of the event loop over the last second. */
  readonly loopDelayMs: () => number;
}

const LOOK_LIMIT_MS = 1_000;
const KEPT_MS = 250;
/** Every request then waits half a second longer than its work takes. */
const STALLED_MS = 500;

export function createReadiness(parts: ReadinessParts): Readiness {
  const { clock, log, loopDelayMs } = parts;
  const lookAtDatabase = databaseLook(parts);
  let draining = false;
  let shown = '';

  const logChange = (obstacles: readonly Obstacle[]): void => {
    const now = obstacles.join(', ');
    if (now !== shown) log.warn({ obstacles }, now === '' ? 'ready again' : 'not ready');
    shown = now;
  };

  return {
    beginDraining: () => {
      draining = true;
    },
    isDraining: () => draining,
    obstacles: async () => {
      const limit = { clock, limitMs: LOOK_LIMIT_MS, what: 'a look at the database' };
      const database = await withinTime(lookAtDatabase(), limit).catch(() => ['database'] as const);
      const own: readonly Obstacle[] = [
        ...(draining ? (['draining'] as const) : []),
        ...(loopDelayMs() >= STALLED_MS ? (['event_loop'] as const) : []),
      ];
      const obstacles = [...own, ...database];
      logChange(obstacles);
      return obstacles;
    },
  };
}

/** One look at a time, however many ask and however long it hangs; its result serves a moment longer. */
function databaseLook({ database, clock }: ReadinessParts): () => Promise<readonly Obstacle[]> {
  let looking: Promise<readonly Obstacle[]> | undefined;
  let freshUntilMs = 0;
  const look = async (): Promise<readonly Obstacle[]> => {
    try {
      const { pending } = await migrationStatus(database, MIGRATIONS);
      return pending.length === 0 ? [] : ['migrations'];
    } catch {
      return ['database'];
    } finally {
      freshUntilMs = clock.monotonicMs() + KEPT_MS;
    }
  };
  return () => {
    if (looking === undefined || clock.monotonicMs() > freshUntilMs) {
      freshUntilMs = Number.POSITIVE_INFINITY;
      looking = look();
    }
    return looking;
  };
}
