import { Secret } from '../../core/secret.ts';
import type { AppAccount } from './database.ts';

/** SQL of MySQL and MariaDB: what is to be of accounts and rights, how it is asked for, and how it is made so. */

export interface MysqlAccounts {
  readonly app: AppAccount;
  /** `IDENTIFIED …` of the app's user from one address. */
  readonly appProof: { readonly plugin: string; readonly verifier: (account: string) => string };
  readonly identified: (plugin: string, verifier: string) => string;
  /** Lets a user of the system in by the socket, without a password. */
  readonly socketPlugin: string;
  /** What the monitoring user's global rights are shown as. */
  readonly monitorRights: readonly string[];
}

const MONITOR = 'prometheus';

/** At run time, and for migrations. DROP is withheld, and with it TRUNCATE; nothing of the server's own is granted. */
const APP_RIGHTS = [
  'ALTER',
  'CREATE',
  'DELETE',
  'INDEX',
  'INSERT',
  'REFERENCES',
  'SELECT',
  'TRIGGER',
  'UPDATE',
];
const WITHHELD = [
  'ALTER ROUTINE',
  'CREATE ROUTINE',
  'CREATE TEMPORARY TABLES',
  'CREATE VIEW',
  'DROP',
  'EVENT',
  'EXECUTE',
  'GRANT OPTION',
  'LOCK TABLES',
  'SHOW VIEW',
];

/** One line for each account and right that is to be there; sorted by their bytes. Holds what servers keep of passwords. */
export function accountLines(accounts: MysqlAccounts): Secret {
  const { app, appProof, monitorRights, socketPlugin } = accounts;
  const schema = escapedSchema(app.database);
  const ofApp = app.addresses.flatMap((address) => [
    `user|${app.user}|${address}|${appProof.plugin}|${appProof.verifier(`${app.user}@${address}`)}|ANY`,
    `right|${grantee(app.user, address)}|*|USAGE|NO`,
    ...APP_RIGHTS.map((right) => `right|${grantee(app.user, address)}|${schema}|${right}|NO`),
  ]);
  const ofMonitor = [
    `user|${MONITOR}|localhost|${socketPlugin}||`,
    ...monitorRights.map((right) => `right|${grantee(MONITOR, 'localhost')}|*|${right}|NO`),
    `right|${grantee(MONITOR, 'localhost')}|performance_schema|SELECT|NO`,
  ];
  const lines = [`database|${app.database}|utf8mb4`, ...ofApp, ...ofMonitor];
  return new Secret(
    lines
      .map((line) => Buffer.from(line))
      .toSorted(Buffer.compare)
      .map(String)
      .join('\n'),
  );
}

/** Prints the same of the server. A root from elsewhere and users without a name count, and an empty database `test`. */
export function accountQuery({ app }: MysqlAccounts): string {
  const names = [app.user, MONITOR].map(literal).join(', ');
  const grantees = [app.user, MONITOR]
    .map((user) => `grantee like ${literal(`${likeText(literal(user))}@%`)}`)
    .join(' or ');
  return `select line from (
select concat_ws('|', 'user', user, host, plugin, coalesce(authentication_string, ''), ssl_type) as line from mysql.user
  where user in (${names}, '') or (user = 'root' and host <> 'localhost')
union all select concat_ws('|', 'right', grantee, '*', privilege_type, is_grantable)
  from information_schema.user_privileges where ${grantees}
union all select concat_ws('|', 'right', grantee, table_schema, privilege_type, is_grantable)
  from information_schema.schema_privileges where ${grantees}
union all select concat_ws('|', 'database', schema_name, default_character_set_name)
  from information_schema.schemata as s where schema_name = ${literal(app.database)}
  or (schema_name = 'test' and not exists (select 1 from information_schema.tables where table_schema = 'test'))
) as found order by cast(line as binary);
`;
}

/** Makes it so from whatever there is. What is there already stays in force all the while: live connections notice nothing. */
export function accountStatements(accounts: MysqlAccounts): Secret {
  const { app, appProof, identified, socketPlugin } = accounts;
  const everything = `${identifier(escapedSchema(app.database))}.*`;
  const ofApp = app.addresses.flatMap((address) => {
    const account = `${literal(app.user)}@${literal(address)}`;
    const proof = identified(appProof.plugin, appProof.verifier(`${app.user}@${address}`));
    return [
      `create user if not exists ${account} ${proof} require ssl`,
      `alter user ${account} ${proof} require ssl`,
      `grant ${APP_RIGHTS.join(', ')} on ${everything} to ${account}`,
      `revoke all privileges on *.* from ${account}`,
      `revoke grant option on *.* from ${account}`,
      `revoke ${WITHHELD.join(', ')} on ${everything} from ${account}`,
    ];
  });
  const monitor = `${literal(MONITOR)}@'localhost'`;
  const statements = [
    `create database if not exists ${identifier(app.database)} character set utf8mb4`,
    `alter database ${identifier(app.database)} character set utf8mb4`,
    ...ofApp,
    `create user if not exists ${monitor} ${identified(socketPlugin, '')}`,
    `alter user ${monitor} ${identified(socketPlugin, '')} require none`,
    `revoke all privileges on *.* from ${monitor}`,
    `revoke grant option on *.* from ${monitor}`,
    `grant process, replication client on *.* to ${monitor}`,
    `grant select on performance_schema.* to ${monitor}`,
    ...removals(app),
  ];
  return new Secret(`${statements.join(';\n')};\n`);
}

/** The app's user from where it may not come, users without a name, a root from elsewhere; `test` when nothing is in it. */
function removals({ addresses, user }: AppAccount): readonly string[] {
  const kept = addresses.map(literal).join(', ') || `''`;
  return [
    'set session group_concat_max_len = 65536',
    `set @tooMany = (select group_concat(quote(user), '@', quote(host)) from mysql.user where user = ''
  or (user = 'root' and host <> 'localhost') or (user = ${literal(user)} and host not in (${kept})))`,
    ...executed(`if(@tooMany is null, 'do 0', concat('drop user ', @tooMany))`),
    ...executed(`(select if(count(*) = 0, 'drop database if exists test', 'do 0')
  from information_schema.tables where table_schema = 'test')`),
  ];
}

function executed(text: string): readonly string[] {
  return [`set @line = ${text}`, 'prepare line from @line', 'execute line', 'deallocate prepare line'];
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** In a GRANT an underscore stands for any character, and a percent sign for any number of them. */
function escapedSchema(name: string): string {
  return name.replace(/[\\_%]/g, '\\$&');
}

function likeText(text: string): string {
  return text.replace(/[\\_%]/g, '\\$&');
}

/** As information_schema shows it. */
function grantee(user: string, host: string): string {
  return `'${user}'@'${host}'`;
}
