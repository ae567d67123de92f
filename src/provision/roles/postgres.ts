import { type Shell, sh } from '../../shell/line.ts';
import { type AppAccount, appAccount, type BackupAccount, backupAccount, roomOf } from '../data/database.ts';
import {
  backupQuery,
  backupStatements,
  roleQuery,
  roleStatements,
  schemaQuery,
  schemaStatements,
} from '../data/postgresql-sql.ts';
import { serviceTls, tlsPaths } from '../data/service-tls.ts';
import { postgresqlSizes } from '../data/sizes.ts';
import { rootFile, rootFolder, running, setting } from '../declarations.ts';
import type { Family } from '../families.ts';
import { type HostInput, hasRole } from '../input.ts';
import type { Resource } from '../resource.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';

const UNIT = 'postgresql.service';
const FOLDER = '/etc/postgresql/ompay';
const CONFIG = `${FOLDER}/ompay.conf`;
const RULES = `${FOLDER}/pg_hba.conf`;
const RESTART = [{ unit: UNIT, how: 'restart' }] as const;
const RELOAD = [{ unit: UNIT, how: 'reload' }] as const;
const START_MS = 120_000;

/** PostgreSQL 15 and newer: the one cluster that the distribution's package makes. */
export const postgresRole: Role<HostInput> = {
  name: 'postgres',
  guard: null,
  isOn: (input) => hasRole(input, 'db') && input.database.engine === 'pgsql',
  resources: (input, family) => {
    const app = appAccount(input);
    const backup = backupAccount(input);
    const place = placeOf(family);
    return [
      { kind: 'package', name: place.packageName },
      ...place.first,
      rootFolder('/etc/postgresql'),
      rootFolder(FOLDER),
      ...serviceTls(input, { folder: `${FOLDER}/tls`, user: 'postgres', tells: RELOAD }),
      ...archive(place.archive),
      ownFile(CONFIG, configText(input, place.archive), RESTART),
      ownFile(RULES, rulesText(app, backup), RELOAD),
      setting({
        name: 'PostgreSQL reads the file of ompay',
        holds: sh`tail -n 1 ${place.clusterConfig} | grep -qxF ${`include '${CONFIG}'`}`,
        apply: sh`for file in ${place.clusterConfig}; do sed -i ${`\\|^include '${CONFIG}'|d`} "$file" && printf '%s\n' ${`include '${CONFIG}'`} >>"$file"; done`,
        tells: [...RESTART],
      }),
      running(UNIT),
      ...serverSettings(app, input),
      ...backupSettings(backup, app),
    ];
  },
};

interface Place {
  readonly packageName: string;
  /** One word of the shell, which may stand for a path that holds the version. */
  readonly clusterConfig: Shell;
  readonly archive: string;
  readonly first: readonly Resource[];
}

function placeOf({ name }: Family): Place {
  const places = {
    debian: {
      packageName: 'postgresql',
      clusterConfig: sh`/etc/postgresql/[0-9]*/main/postgresql.conf`,
      archive: '/var/lib/postgresql/ompay-wal',
      first: [],
    },
    rhel: {
      packageName: 'postgresql-server',
      clusterConfig: sh`/var/lib/pgsql/data/postgresql.conf`,
      archive: '/var/lib/pgsql/ompay-wal',
      first: [
        setting({
          name: 'the cluster of PostgreSQL is there',
          holds: sh`[ -e /var/lib/pgsql/data/PG_VERSION ]`,
          apply: sh`postgresql-setup --initdb`,
          timeoutMs: START_MS,
        }),
      ],
    },
  };
  return places[name];
}

function archive(path: string): readonly Resource[] {
  return [
    { kind: 'folder', path, mode: 0o700, owner: 'postgres', group: 'postgres' },
    rootFile({
      path: '/etc/tmpfiles.d/ompay-wal.conf',
      content: template('postgresql/wal.tmpfiles', { ARCHIVE: path }),
    }),
  ];
}

/** The unit of Debian is active also when the cluster behind it is not, so the server itself is asked. */
function serverSettings(app: AppAccount, input: HostInput): readonly Resource[] {
  const asked = Object.entries(variablesOf(input));
  const shown = `select string_agg(setting, '|' order by name collate "C") from pg_settings where name in (${asked.map(([name]) => `'${name}'`).join(', ')});`;
  const forgotten = asked.map(([name]) => `alter system reset ${name};\n`).join('');
  return [
    setting({
      name: 'PostgreSQL runs with what its file says',
      holds: sh`[ "$(printf '%s' ${shown} | ${psql('postgres')})" = ${asked.map(([, value]) => value).join('|')} ]`,
      // ALTER SYSTEM writes a file that counts more than any other. A server that is down has nothing to say.
      apply: sh`printf '%s' ${forgotten} | ${psql('postgres')} || true; systemctl restart -- ${UNIT}`,
      timeoutMs: START_MS,
    }),
    setting({
      name: 'the database and its users',
      holds: sh`[ "$(printf '%s' ${roleQuery(app)} | ${psql('postgres')})" = 0 ]`,
      apply: sh`printf '%s' ${roleStatements(app)} | ${psql('postgres')}`,
    }),
    setting({
      name: 'the rights in the database',
      holds: sh`[ "$(printf '%s' ${schemaQuery(app)} | ${psql(app.database)})" = 0 ]`,
      apply: sh`printf '%s' ${schemaStatements(app)} | ${psql(app.database)}`,
    }),
  ];
}

function backupSettings(backup: BackupAccount | null, { database }: AppAccount): readonly Resource[] {
  if (backup === null) return [];
  return [
    setting({
      name: 'the user of the backups',
      holds: sh`[ "$(printf '%s' ${backupQuery(backup, database)} | ${psql('postgres')})" = 0 ]`,
      apply: sh`printf '%s' ${backupStatements(backup, database)} | ${psql('postgres')}`,
    }),
  ];
}

/** In the order of their names. */
function variablesOf(input: HostInput): Readonly<Record<string, string>> {
  return {
    archive_mode: 'on',
    fsync: 'on',
    full_page_writes: 'on',
    hba_file: RULES,
    listen_addresses: input.host.address,
    max_connections: String(roomOf(input).connections),
    ssl: 'on',
    synchronous_commit: 'on',
    wal_level: 'replica',
  };
}

/** As the system's user, by the socket. Nothing of the SQL is in an argument or in the server's log. */
function psql(database: string): Shell {
  return sh`PGOPTIONS='-c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic' runuser -u postgres -- psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --dbname=${database}`;
}

function configText(input: HostInput, archivePath: string): string {
  const sizes = postgresqlSizes(roomOf(input));
  const paths = tlsPaths(`${FOLDER}/tls`);
  return template('postgresql/ompay.conf', {
    ADDRESS: input.host.address,
    PORT: String(input.database.port),
    RULES,
    CA: paths.ca,
    CERTIFICATE: paths.certificate,
    KEY: paths.key,
    CONNECTIONS: String(sizes.connections),
    SHARED_BUFFERS: String(sizes.sharedBuffersMb),
    CACHE: String(sizes.cacheMb),
    WORK: String(sizes.workMb),
    MAINTENANCE: String(sizes.maintenanceMb),
    MAX_WAL: String(sizes.maxWalMb),
    ARCHIVE: archivePath,
  });
}

function rulesText(app: AppAccount, backup: BackupAccount | null): string {
  const ofApp = rulesFor(`"${app.database}"`, app);
  const ofBackup = backup === null ? [] : rulesFor(`replication,"${app.database}"`, backup);
  return template('postgresql/pg_hba.conf', { APP: [...ofApp, ...ofBackup].join('\n') });
}

function rulesFor(databases: string, { addresses, user }: BackupAccount): readonly string[] {
  return addresses.map(
    (address) =>
      `hostssl ${databases} "${user}" ${address}/${address.includes(':') ? 128 : 32} scram-sha-256`,
  );
}

function ownFile(path: string, content: string, tells: typeof RESTART | typeof RELOAD): Resource {
  return { kind: 'file', path, content, mode: 0o640, owner: 'root', group: 'postgres', tells };
}
