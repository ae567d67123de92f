import type { Engine } from './engine.ts';
import type { MariadbSettings } from './mariadb/settings.ts';
import { mariadbEngine } from './mariadb.ts';
import type { MysqlSettings } from './mysql/settings.ts';
import { mysqlEngine } from './mysql.ts';
import { type PgliteSettings, pgliteEngine } from './pglite.ts';
import type { PostgresSettings } from './postgres/settings.ts';
import { postgresEngine } from './postgres.ts';

export type EngineSettings =
  | ({ readonly kind: 'mariadb' } & MariadbSettings)
  | ({ readonly kind: 'mysql' } & MysqlSettings)
  | ({ readonly kind: 'pglite' } & PgliteSettings)
  | ({ readonly kind: 'postgres' } & PostgresSettings);

/** Every kind of database; a new one is a file beside this one, a kind above and a line here. Connects to nothing yet. */
export function engineOf(settings: EngineSettings): Engine {
  switch (settings.kind) {
    case 'mariadb':
      return mariadbEngine(settings);
    case 'mysql':
      return mysqlEngine(settings);
    case 'pglite':
      return pgliteEngine(settings);
    case 'postgres':
      return postgresEngine(settings);
  }
}
