import type { MysqlAccess } from './access.ts';
import type { ScratchSettings } from './server.ts';

export interface MysqlSettings extends ScratchSettings {
  /** As a user with BACKUP_ADMIN and SELECT; over TCP, as CLONE speaks nothing else. The server has the clone plugin. */
  readonly source: MysqlAccess;
  /** Where the questions of a proof are asked. */
  readonly database: string;
  /** The source's data folder when it is on this machine: a stopped server is copied from it. */
  readonly dataFolder?: string;
  /** 0700, on this machine, with room for the database: copies are made here. Of one engine alone. */
  readonly workFolder: string;
}
