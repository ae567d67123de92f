import { join } from 'node:path';
import { OmpayError } from '../../core/errors.ts';
import type { Layout } from '../../core/layout.ts';
import { mariadbLog } from '../../engine/mariadb/log-source.ts';
import { MARIADB_REPLAY } from '../../engine/mariadb/replay.ts';
import { type LogDialect, MYSQL_LOG } from '../../engine/mysql/binlog/source.ts';
import { MYSQL_REPLAY, type ReplayDialect } from '../../engine/mysql/replay/replay.ts';
import type { LoggedEngine } from '../../restore/point-plan.ts';
import type { SiteBackups } from './backup-site.ts';
import type { ServersMariadb, ServersMysql } from './site-engine.ts';

/** Where an environment's log is received unless another folder is named. */
export function binlogFolder({ state }: Pick<Layout, 'state'>, site: string): string {
  return join(state, 'binlog', site);
}

/** What receiving a log and replaying it takes of the server's kind. */
export interface ServersLog extends Pick<ServersMariadb, 'scratch' | 'access'> {
  readonly engine: LoggedEngine;
  /** How it is asked for. Throws `configInvalid` for what is lacking. */
  readonly dialect: () => LogDialect;
  readonly replayDialect: ReplayDialect;
}

/** Throws `configInvalid` for every other database. */
export async function logOf(deps: Pick<SiteBackups, 'mysql' | 'mariadb'>): Promise<ServersLog> {
  if (deps.mariadb === null) {
    const { scratch, access } = await mysqlOf(deps);
    return { engine: 'mysql', scratch, access, dialect: () => MYSQL_LOG, replayDialect: MYSQL_REPLAY };
  }
  const { scratch, access, dataFolder } = await deps.mariadb();
  const dialect = (): LogDialect => mariadbLog(dataFolder());
  return { engine: 'mariadb', scratch, access, dialect, replayDialect: MARIADB_REPLAY };
}

/** Throws `configInvalid` for every other database. */
export function mysqlOf({ mysql }: Pick<SiteBackups, 'mysql'>): Promise<ServersMysql> {
  if (mysql !== null) return mysql();
  throw new OmpayError(
    'configInvalid',
    'the log of this database is not received: it is of MySQL, MariaDB and PostgreSQL alone',
    {
      hint: 'name an environment of ompay.yml whose database is one of them: -e ENVIRONMENT',
    },
  );
}
