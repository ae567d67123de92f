import type { Clock } from '../../core/clock.ts';
import type { MysqlAccess } from '../mysql/access.ts';

interface Dumped {
  readonly source: MysqlAccess;
  readonly database: string;
  /** `mysqldump`, `mariadb-dump` or `pg_dump` of the server's series; absolute. */
  readonly program: string;
  readonly clock: Clock;
}

interface PostgresDump extends Dumped {
  readonly engine: 'postgres';
}

export interface MysqlDump extends Dumped {
  readonly engine: 'mariadb' | 'mysql';
  /** These alone, with their triggers and without a statement that drops one where it is loaded; all when not given. */
  readonly tables?: readonly string[];
}

/** A serving database of servers, and the stock program that dumps it. */
export type DumpSource = MysqlDump | PostgresDump;
