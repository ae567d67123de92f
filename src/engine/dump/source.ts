import type { Clock } from '../../core/clock.ts';
import type { MysqlAccess } from '../mysql/access.ts';

/** A serving database of servers, and the stock program that dumps it. */
export interface DumpSource {
  readonly engine: 'mariadb' | 'mysql' | 'postgres';
  readonly source: MysqlAccess;
  readonly database: string;
  /** `mysqldump`, `mariadb-dump` or `pg_dump` of the server's series; absolute. */
  readonly program: string;
  readonly clock: Clock;
}
