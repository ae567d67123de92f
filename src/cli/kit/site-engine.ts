import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import type { SourceSettings } from '../../config/copies.ts';
import type { DatabaseSettings } from '../../config/settings.ts';
import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import type { Platform } from '../../deploy/handlers/platform.ts';
import type { DumpSource } from '../../engine/dump/source.ts';
import type { Engine } from '../../engine/engine.ts';
import { engineOf } from '../../engine/index.ts';
import type { MysqlAccess } from '../../engine/mysql/access.ts';
import type { ScratchSettings } from '../../engine/mysql/server.ts';
import type { PostgresSettings } from '../../engine/postgres/settings.ts';
import type { ServerPlace } from '../../restore/promotion/look.ts';
import type { Invocation } from '../command.ts';

/** The embedded database of this machine's installation. */
export function localEngine({ layout, clock }: Invocation, platform: Platform): Engine {
  return engineOf({
    kind: 'pglite',
    dataFolder: layout.data,
    socketPath: layout.databaseSocket,
    hostCommand: [platform.nodePath, join(platform.folder, 'pglite-host.mjs')],
    clock,
  });
}

/** An environment's MySQL, for backups. */
export interface ServersMysql {
  /** How servers of ours are started on copies; needs no account. */
  readonly scratch: ScratchSettings & { readonly database: string };
  /** `mysqldump` of the series of `scratch`. */
  readonly dumpProgram: string;
  /** As its account for backups. Throws `configInvalid` for what is lacking. */
  readonly access: () => MysqlAccess;
  /** Where its server is on this machine; throws as `access` does. */
  readonly place: () => ServerPlace;
  /** The same. */
  readonly engine: () => Engine;
}

/** An environment's MariaDB, for its log; as `ServersMysql`. */
export interface ServersMariadb extends Pick<ServersMysql, 'scratch' | 'access'> {
  /** Throws `configInvalid` when none is named: who the server is stands in its files alone. */
  readonly dataFolder: () => string;
}

interface ServersSource {
  readonly database: DatabaseSettings;
  readonly source: SourceSettings;
  readonly workFolder: string;
  readonly clock: Clock;
}

/** What a database of servers is called as an engine; undefined of one that is not copied. */
export function serversEngineName(connection: string | undefined): Engine['name'] | undefined {
  if (connection === 'pgsql') return 'postgres';
  return connection === 'mysql' || connection === 'mariadb' ? connection : undefined;
}

/** An environment's database, as its account for backups. Throws `configInvalid` for what it lacks. */
export function serversEngine(servers: ServersSource): Engine {
  switch (servers.database.connection) {
    case 'pgsql':
      return serversPostgres(servers);
    case 'mariadb':
      return serversMariadb(servers);
    default:
      return serversMysql(servers).engine();
  }
}

/** The same server, as the stock program beside the others of its series dumps it. */
export function serversDump({ database, source, clock }: ServersSource): DumpSource {
  const engine = serversEngineName(database.connection);
  const of = { database: database.database, clock };
  if (engine === 'postgres') {
    const program = join(source.postgresqlPrograms, 'pg_dump');
    return { ...of, engine, source: accessOf(database, source, 5432), program };
  }
  const mysql = { ...of, source: accessOf(database, source, 3306) };
  if (engine === 'mariadb')
    return { ...mysql, engine, program: join(dirname(source.mariadbBackupPath), 'mariadb-dump') };
  return { ...mysql, engine: 'mysql', program: mysqldumpOf(source) };
}

export function serversMysql({ database, source, workFolder, clock }: ServersSource): ServersMysql {
  const access = (): MysqlAccess => accessOf(database, source, 3306);
  const scratch: ServersMysql['scratch'] = {
    database: database.database,
    serverCommand: [source.mysqldPath, '--no-defaults', asThisUser(), '--secure-file-priv=NULL'],
    clock,
  };
  return {
    scratch,
    dumpProgram: mysqldumpOf(source),
    access,
    place: () => ({ access: access(), dataFolder: source.dataFolder, unit: source.unit }),
    engine: () => engineOf({ kind: 'mysql', source: access(), workFolder, ...scratch }),
  };
}

function mysqldumpOf({ mysqldPath }: SourceSettings): string {
  return join(dirname(mysqldPath), '../bin/mysqldump');
}

function serversMariadb({ database, source, workFolder, clock }: ServersSource): Engine {
  return engineOf({
    kind: 'mariadb',
    source: accessOf(database, source, 3306),
    database: database.database,
    ...dataFolderOf(source),
    workFolder,
    serverCommand: [source.mysqldPath, asThisUser()],
    backupCommand: [source.mariadbBackupPath],
    clock,
  });
}

export function serversMariadbLog({ database, source, clock }: ServersSource): ServersMariadb {
  const serverCommand = [source.mysqldPath, asThisUser()] as const;
  return {
    scratch: { database: database.database, serverCommand, clock },
    access: () => accessOf(database, source, 3306),
    dataFolder: () => {
      if (source.dataFolder !== null) return source.dataFolder;
      const hint =
        "run ompay on the database's host, with copies.data_folder in ompay.yml (docs/mariadb-backup.md)";
      throw lacking('who the server is stands in its data folder, and none is named', hint);
    },
  };
}

function serversPostgres(servers: ServersSource): Engine {
  return engineOf({ kind: 'postgres', ...serversPostgresSettings(servers) });
}

/** An environment's PostgreSQL, as its account for backups, and where its programs are here. */
export function serversPostgresSettings({ database, source, clock }: ServersSource): PostgresSettings {
  return {
    source: accessOf(database, source, 5432),
    database: database.database,
    ...dataFolderOf(source),
    programFolder: source.postgresqlPrograms,
    clock,
  };
}

/** mysqld does not run as root unless that is said. */
function asThisUser(): string {
  return `--user=${userInfo().username}`;
}

function dataFolderOf({ dataFolder }: SourceSettings): { readonly dataFolder?: string } {
  return dataFolder === null ? {} : { dataFolder };
}

function accessOf(
  database: DatabaseSettings,
  { username, password }: SourceSettings,
  port: number,
): MysqlAccess {
  if (password === null)
    throw lacking('BACKUP_DB_PASSWORD is missing', 'ompay secrets set BACKUP_DB_PASSWORD -e ENVIRONMENT');
  return { place: placeOf(database, port), username, password };
}

function placeOf({ socketPath, host, port, tls }: DatabaseSettings, usualPort: number): MysqlAccess['place'] {
  if (socketPath !== undefined) return { socketPath };
  if (host === undefined) throw lacking('the database has no address', 'set database.host in ompay.yml');
  if (tls === undefined || tls.caPath === null)
    throw lacking(
      `${host} is copied over TLS alone, and no authority is named`,
      'set DB_TLS: true and DB_TLS_CA below variables: in ompay.yml (docs/copies.md)',
    );
  return { host, port: port ?? usualPort, authorityPath: tls.caPath };
}

function lacking(what: string, hint: string): OmpayError {
  return new OmpayError('configInvalid', `the database cannot be copied: ${what}`, { hint });
}
