import { MARIADB } from '../../tests/fixtures/servers/mariadb.ts';
import { MYSQL } from '../../tests/fixtures/servers/mysql.ts';
import { PGLITE } from '../../tests/fixtures/servers/pglite.ts';
import { POSTGRESQL } from '../../tests/fixtures/servers/postgresql.ts';
import type { DatabaseServer, ServerKind } from '../../tests/fixtures/servers/server.ts';

/** Durable commits are the servers' own defaults in tests already; this is memory and room for their logs, as in production. */
const INNODB = ['--innodb-buffer-pool-size=1G', '--max-connections=200', '--binlog-expire-logs-seconds=0'];
const ARGS: Readonly<Record<string, readonly string[]>> = {
  MySQL: [...INNODB, '--innodb-redo-log-capacity=1G', '--binlog-row-image=MINIMAL'],
  MariaDB: [...INNODB, '--innodb-log-file-size=512M', '--binlog-row-image=MINIMAL'],
  PostgreSQL: ['-c', 'shared_buffers=1GB', '-c', 'max_wal_size=2GB', '-c', 'synchronous_commit=on'],
};

const KINDS: Readonly<Record<string, ServerKind>> = {
  mysql: MYSQL,
  mariadb: MARIADB,
  pgsql: POSTGRESQL,
  pglite: PGLITE,
};

export const DATABASES: readonly string[] = Object.keys(KINDS);

/** @param name one of DATABASES; throws for another, and when it cannot run here. */
export function startServer(name: string): Promise<DatabaseServer> {
  const kind = KINDS[name];
  if (kind === undefined) throw new Error(`${name} is none of ${DATABASES.join(', ')}`);
  if (kind.absent !== undefined) throw new Error(kind.absent);
  return kind.start({ args: ARGS[kind.name] ?? [] });
}
