import type { Engine } from './engine.ts';
import type { MysqlSettings } from './mysql/settings.ts';
import { mysqlEngine } from './mysql.ts';
import { type PgliteSettings, pgliteEngine } from './pglite.ts';

export type EngineSettings =
  | ({ readonly kind: 'mysql' } & MysqlSettings)
  | ({ readonly kind: 'pglite' } & PgliteSettings);

/** Every kind of database; a new one is a file beside this one, a kind above and a line here. Connects to nothing yet. */
export function engineOf(settings: EngineSettings): Engine {
  switch (settings.kind) {
    case 'mysql':
      return mysqlEngine(settings);
    case 'pglite':
      return pgliteEngine(settings);
  }
}
