import type { Clock } from '../../core/clock.ts';
import type { PostgresAccess } from './access.ts';

export interface PostgresSettings {
  /** As a role with REPLICATION and pg_read_all_data. */
  readonly source: PostgresAccess;
  /** Where the questions of a proof are asked. */
  readonly database: string;
  /** The source's data folder when it is on this machine: a stopped server is copied from it. */
  readonly dataFolder?: string;
  /** PostgreSQL's programs of the source's series: `/usr/lib/postgresql/15/bin`. */
  readonly programFolder: string;
  readonly clock: Clock;
}
