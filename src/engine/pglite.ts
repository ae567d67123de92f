import type { Clock } from '../core/clock.ts';
import type { Engine } from './engine.ts';
import { bootPglite, reapPglite } from './pglite/boot.ts';
import { capturePglite } from './pglite/capture.ts';

export interface PgliteSettings {
  readonly dataFolder: string;
  /** Where the running database serves; its name is `.s.PGSQL.5432`. */
  readonly socketPath: string;
  /** Program and first arguments of the database host; `--data DIR --socket PATH` are added. */
  readonly hostCommand: readonly [string, ...string[]];
  readonly clock: Clock;
}

/** PGlite: PostgreSQL in one process, its data folder on this machine. */
export function pgliteEngine(settings: PgliteSettings): Engine {
  return {
    name: 'pglite',
    capture: (request, archive) => capturePglite(settings, request, archive),
    boot: (folder, request) => bootPglite(settings, folder, request),
    reap: reapPglite,
  };
}
