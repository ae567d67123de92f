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

interface Account {
  readonly user: string;
  readonly host: string;
  readonly plugin: string;
  readonly verifier: string;
  readonly tls: 'ANY' | '';
  /** As information_schema shows them: `*` for the whole server, a schema with its escapes. */
  readonly rights: readonly { readonly scope: string; readonly right: string }[];
}

function accountsOf({ app, appProof, monitorRights, socketPlugin }: MysqlAccounts): readonly Account[] {
  const scope = escapedSchema(app.database);
  const ofApp = app.addresses.map(
    (host): Account => ({
      user: app.user,
      host,
      plugin: appProof.plugin,
      verifier: appProof.verifier(`${app.user}@${host}`),
      tls: 'ANY',
      rights: [{ scope: '*', right: 'USAGE' }, ...APP_RIGHTS.map((right) => ({ scope, right }))],
    }),
  );
  const ofServer = monitorRights.map((right) => ({ scope: '*', right }));
  const rights = [...ofServer, { scope: 'performance_schema', right: 'SELECT' }];
  return [
    ...ofApp,
    { user: MONITOR, host: 'localhost', plugin: socketPlugin, verifier: '', tls: '', rights },
  ];
}

/** One line for each account and right that is to be there; sorted by their bytes. Holds what servers keep of passwords. */
export function accountLines(accounts: MysqlAccounts): Secret {
  const lines = accountsOf(accounts).flatMap((account) => [
    ['user', account.user, account.host, account.plugin, account.verifier, account.tls].join('|'),
    ...account.rights.map(({ scope, right }) => ['right', grantee(account), scope, right, 'NO'].join('|')),
  ]);
  const all = [`database|${accounts.app.database}|utf8mb4`, ...lines];
  return new Secret(
    all
      .map((line) => Buffer.from(line))
      .toSorted(Buffer.compare)
      .map(String)
      .join('\n'),
  );
}

const RIGHTS = `select grantee, '*' as scope, privilege_type, is_grantable from information_schema.user_privileges
  union all select grantee, table_schema, privilege_type, is_grantable from information_schema.schema_privileges`;

/** Prints the same of the server. A root from elsewhere and users without a name count, and an empty database `test`. */
export function accountQuery({ app }: MysqlAccounts): string {
  const users = [app.user, MONITOR];
  const grantees = users
    .map((user) => `grantee like ${literal(`${escapedSchema(`'${user}'`)}@%`)}`)
    .join(' or ');
  return `select line from (
select concat_ws('|', 'user', user, host, plugin, coalesce(authentication_string, ''), ssl_type) as line from mysql.user
  where user in (${users.map(literal).join(', ')}, '') or (user = 'root' and host <> 'localhost')
union all select concat_ws('|', 'right', grantee, scope, privilege_type, is_grantable) from (${RIGHTS}) as rights where ${grantees}
union all select concat_ws('|', 'database', schema_name, default_character_set_name)
  from information_schema.schemata as s where schema_name = ${literal(app.database)}
  or (schema_name = 'test' and not exists (select 1 from information_schema.tables where table_schema = 'test'))
) as found order by cast(line as binary);
`;
}

/** Makes it so from whatever there is. Live connections notice nothing, unless an account has more rights than it is to have. */
export function accountStatements(accounts: MysqlAccounts): Secret {
  const database = identifier(accounts.app.database);
  const statements = [
    `create database if not exists ${database} character set utf8mb4`,
    `alter database ${database} character set utf8mb4`,
    ...accountsOf(accounts).flatMap((account) => statementsOf(account, accounts)),
    ...removals(accounts.app),
  ];
  return new Secret(`${statements.join(';\n')};\n`);
}

function statementsOf(account: Account, { identified }: MysqlAccounts): readonly string[] {
  const name = `${literal(account.user)}@${literal(account.host)}`;
  const proof = identified(account.plugin, account.verifier);
  const require = account.tls === '' ? 'require none' : 'require ssl';
  const scopes = [...new Set(account.rights.map(({ scope }) => scope))];
  return [
    `create user if not exists ${name} ${proof} ${require}`,
    `alter user ${name} ${proof} ${require}`,
    ...executed(
      `if(${hasMoreThan(account)}, concat('revoke all privileges, grant option from ', quote(${literal(account.user)}), '@', quote(${literal(account.host)})), 'do 0')`,
    ),
    ...scopes.map((scope) => {
      const rights = account.rights.filter((each) => each.scope === scope).map(({ right }) => right);
      return `grant ${rights.join(', ')} on ${scope === '*' ? '*' : identifier(scope)}.* to ${name}`;
    }),
  ];
}

function hasMoreThan(account: Account): string {
  const allowed = account.rights.map(({ scope, right }) => literal([scope, right, 'NO'].join('|')));
  return `exists (select 1 from (${RIGHTS}) as rights where grantee = ${literal(grantee(account))}
  and concat_ws('|', scope, privilege_type, is_grantable) not in (${allowed.join(', ')}))`;
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

/** In a GRANT, as in LIKE, an underscore stands for any character, and a percent sign for any number of them. */
function escapedSchema(name: string): string {
  return name.replace(/[\\_%]/g, '\\$&');
}

/** As information_schema shows it. */
function grantee({ user, host }: Pick<Account, 'user' | 'host'>): string {
  return `'${user}'@'${host}'`;
}
