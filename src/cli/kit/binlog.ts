import { join } from 'node:path';
import { OmpayError } from '../../core/errors.ts';
import type { Layout } from '../../core/layout.ts';
import type { SiteBackups } from './backup-site.ts';
import type { ServersMysql } from './site-engine.ts';

/** Where an environment's log is received unless another folder is named. */
export function binlogFolder({ state }: Pick<Layout, 'state'>, site: string): string {
  return join(state, 'binlog', site);
}

/** Throws `configInvalid` for every other database. */
export function mysqlOf({ mysql }: Pick<SiteBackups, 'mysql'>): Promise<ServersMysql> {
  if (mysql !== null) return mysql();
  throw new OmpayError('configInvalid', 'the log of this database is not received: it is of MySQL alone', {
    hint: 'name an environment of ompay.yml whose database is MySQL: -e ENVIRONMENT',
  });
}
