import type { MysqlAccess } from '../mysql/access.ts';
import type { ScratchSettings } from '../mysql/server.ts';

/** `serverCommand` has no `--no-defaults`: a copy says in a file what its server must be given. */
export interface MariadbSettings extends ScratchSettings {
  /** As a user with RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR and SELECT. */
  readonly source: MysqlAccess;
  /** Where the questions of a proof are asked. */
  readonly database: string;
  /** The server's data folder, on this machine: mariadb-backup reads its files. Without one there is no copying. */
  readonly dataFolder?: string;
  /** mariadb-backup of the server's series, and its first arguments. */
  readonly backupCommand: readonly [string, ...string[]];
  /** 0700, on this machine, with room for the database: copies are made here. Of one engine alone. */
  readonly workFolder: string;
}
