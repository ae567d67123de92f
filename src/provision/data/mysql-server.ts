import { type Shell, sh } from '../../shell/line.ts';
import { rootFile, rootFolder, running, setting } from '../declarations.ts';
import type { HostInput } from '../input.ts';
import type { Resource } from '../resource.ts';
import { template } from '../templates.ts';
import { appAccount, backupAccount, roomOf, serverId } from './database.ts';
import { accountLines, accountQuery, accountStatements, type MysqlAccounts } from './mysql-sql.ts';
import { serviceTls, tlsPaths } from './service-tls.ts';
import { mysqlSizes } from './sizes.ts';

/** What differs between MySQL and MariaDB, and between the families of distributions. */
export interface MysqlServer {
  readonly title: string;
  readonly template: string;
  readonly packageName: string;
  readonly unit: string;
  /** After the distribution's own: the files of a folder are read in the order of their names. */
  readonly configPath: string;
  /** What SQL shows of a variable that is on or off. */
  readonly flags: { readonly on: string; readonly off: string };
  readonly client: string;
  /** Reads the whole configuration, and exits 0 when the server could start with it. */
  readonly check: Shell;
  readonly proofs: Omit<MysqlAccounts, 'app' | 'backup'>;
  /** Makes the running server read its certificate anew. */
  readonly reloadTls: string;
  /** Beside those that both have: name and value as SQL shows it. */
  readonly fixed: Readonly<Record<string, string>>;
  /** What backups need beside their account, where there is one. */
  readonly backups: {
    readonly packages: readonly string[];
    /** By their names in information_schema.plugins. */
    readonly plugins: readonly string[];
    /** Lines of the file. */
    readonly config: readonly string[];
    /** As `fixed`, of what can be changed while the server runs. */
    readonly variables: Readonly<Record<string, string>>;
  };
  /** Statements before each `set global`, for a variable. */
  readonly forget: (variable: string) => readonly string[];
}

const TLS_FOLDER = '/etc/mysql/tls';
const START_MS = 120_000;

/** A server for the web hosts alone: its files, then the server, then what it says of itself. */
export function mysqlResources(server: MysqlServer, input: HostInput): readonly Resource[] {
  const backup = backupAccount(input);
  const { packages, plugins, config, variables } = backup === null ? NOTHING : server.backups;
  const accounts: MysqlAccounts = { app: appAccount(input), backup, ...server.proofs };
  const changeable = { ...changeableVariables(server, input), ...variables };
  const fixed = { ...fixedVariables(server, input), ...server.fixed };
  const client = (query: Shell): Shell => sh`printf '%s' ${query} | ${clientLine(server)}`;
  return [
    ...[server.packageName, ...packages].map((name) => ({ kind: 'package', name }) as const),
    rootFolder('/etc/mysql'),
    ...serviceTls(input, {
      folder: TLS_FOLDER,
      user: 'mysql',
      tells: [{ unit: server.unit, how: 'reload' }],
    }),
    rootFolder(`/etc/systemd/system/${server.unit}.d`),
    rootFile({
      path: `/etc/systemd/system/${server.unit}.d/10-ompay.conf`,
      content: template('mysql/10-ompay.conf', { RELOAD: server.reloadTls }),
      tells: [{ unit: server.unit, how: 'restart' }],
    }),
    rootFile({
      path: server.configPath,
      content: [configText(server, input), ...config.map((line) => `${line}\n`)].join(''),
      check: server.check,
      tells: [{ unit: server.unit, how: 'restart' }],
    }),
    running(server.unit),
    setting({
      name: `${server.title} runs with what its file says`,
      holds: sh`[ "$(${client(sh`${selectOf(fixed)}`)})" = ${Object.values(fixed).join('|')} ]`,
      apply: sh`systemctl restart -- ${server.unit}`,
      timeoutMs: START_MS,
    }),
    ...pluginSettings(plugins, server),
    setting({
      name: `${server.title} keeps what it answered, and its log for restores`,
      holds: sh`[ "$(${client(sh`${selectOf(changeable)}`)})" = ${Object.values(changeable).join('|')} ]`,
      apply: client(sh`${setOf(changeable, server)}`),
    }),
    setting({
      name: `the database, its users and their rights`,
      holds: sh`[ "$(printf '%s' ${accountQuery(accounts)} | ${clientLine(server)})" = ${accountLines(accounts)} ]`,
      apply: sh`printf '%s' ${accountStatements(accounts)} | ${clientLine(server)}`,
    }),
  ];
}

const NOTHING: MysqlServer['backups'] = { packages: [], plugins: [], config: [], variables: {} };

/** A server that did not find one says so in its log and starts without it. */
function pluginSettings(plugins: readonly string[], server: MysqlServer): readonly Resource[] {
  if (plugins.length === 0) return [];
  const names = plugins.map((name) => `'${name}'`).join(', ');
  const query = `select count(*) from information_schema.plugins where plugin_name in (${names}) and plugin_status = 'ACTIVE';\n`;
  return [
    setting({
      name: `${server.title} has what backups need`,
      holds: sh`[ "$(printf '%s' ${query} | ${clientLine(server)})" = ${String(plugins.length)} ]`,
      apply: sh`systemctl restart -- ${server.unit}`,
      timeoutMs: START_MS,
    }),
  ];
}

/** As root by the socket, whatever root's own configuration says. Statements come by standard input. */
function clientLine({ client }: MysqlServer): Shell {
  return sh`${client} --no-defaults --user=root --protocol=socket --batch --raw --skip-column-names`;
}

function configText(server: MysqlServer, input: HostInput): string {
  const sizes = mysqlSizes(roomOf(input));
  const paths = tlsPaths(TLS_FOLDER);
  return template(server.template, {
    ADDRESS: input.host.address,
    PORT: String(input.database.port),
    SERVER_ID: String(serverId(input.host.address)),
    CA: paths.ca,
    CERTIFICATE: paths.certificate,
    KEY: paths.key,
    BUFFER_POOL: `${sizes.bufferPoolMb}M`,
    REDO_LOG: `${sizes.redoLogMb}M`,
    CONNECTIONS: String(sizes.connections),
    KEEP_SECONDS: String(KEEP_SECONDS),
  });
}

/** A week of the binary log. */
const KEEP_SECONDS = 604_800;

/** What somebody could have changed in the running server, and what puts it right without a restart. */
function changeableVariables({ flags }: MysqlServer, input: HostInput): Readonly<Record<string, string>> {
  return {
    innodb_flush_log_at_trx_commit: '1',
    sync_binlog: '1',
    binlog_expire_logs_seconds: String(KEEP_SECONDS),
    // Migrations make triggers, by a user that is not the server's master (MySQL's manual, 27.7).
    log_bin_trust_function_creators: flags.on,
    require_secure_transport: flags.on,
    local_infile: flags.off,
    read_only: flags.off,
    max_connections: String(roomOf(input).connections),
  };
}

function fixedVariables(
  { flags }: MysqlServer,
  { host, database }: HostInput,
): Readonly<Record<string, string>> {
  return {
    bind_address: host.address,
    port: String(database.port),
    log_bin: flags.on,
    skip_name_resolve: flags.on,
    server_id: String(serverId(host.address)),
    ssl_ca: tlsPaths(TLS_FOLDER).ca,
  };
}

function selectOf(variables: Readonly<Record<string, string>>): string {
  const names = Object.keys(variables).map((name) => `@@global.${name}`);
  return `select concat_ws('|', ${names.join(', ')});\n`;
}

function setOf(variables: Readonly<Record<string, string>>, { forget }: MysqlServer): string {
  return Object.entries(variables)
    .flatMap(([name, value]) => [...forget(name), `set global ${name} = ${value}`])
    .map((statement) => `${statement};\n`)
    .join('');
}
