import { Secret } from '../../core/secret.ts';
import type { AppAccount, BackupAccount } from './database.ts';

/** SQL of MySQL and MariaDB: what is to be of accounts and rights, how it is asked for, and how it is made so. */

export interface MysqlAccounts {
  readonly app: AppAccount;
  /** Null: backups are not made of this server by ompay. */
  readonly backup: BackupAccount | null;
  /** `IDENTIFIED …` of a user from one address: `user@address`. */
  readonly proof: {
    readonly plugin: string;
    readonly verifier: (password: Secret, account: string) => string;
  };
  readonly identified: (plugin: string, verifier: string) => string;
  /** Lets a user of the system in by the socket, without a password. */
  readonly socketPlugin: string;
  /** What the monitoring user's global rights are shown as. */
  readonly monitorRights: readonly string[];
  /** The same of the backups' user. */
  readonly backupRights: readonly string[];
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

function accountsOf(accounts: MysqlAccounts): readonly Account[] {
  const { app, backup, backupRights, monitorRights, socketPlugin } = accounts;
  const scope = escapedSchema(app.database);
  const ofApp = fromNetwork(app, accounts, [
    { scope: '*', right: 'USAGE' },
    ...APP_RIGHTS.map((right) => ({ scope, right })),
  ]);
  const ofBackup = backup === null ? [] : fromNetwork(backup, accounts, serverRights(backupRights));
  const rights = [...serverRights(monitorRights), { scope: 'performance_schema', right: 'SELECT' }];
  return [
    ...ofApp,
    ...ofBackup,
    { user: MONITOR, host: 'localhost', plugin: socketPlugin, verifier: '', tls: '', rights },
  ];
}

/** One account for each address, over TLS alone. */
function fromNetwork(
  { user, password, addresses }: BackupAccount,
  { proof }: MysqlAccounts,
  rights: Account['rights'],
): readonly Account[] {
  return addresses.map((host) => ({
    user,
    host,
    plugin: proof.plugin,
    verifier: proof.verifier(password, `${user}@${host}`),
    tls: 'ANY',
    rights,
  }));
}

function serverRights(rights: readonly string[]): Account['rights'] {
  return rights.map((right) => ({ scope: '*', right }));
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
export function accountQuery({ app, backup }: MysqlAccounts): string {
  const users = [app.user, ...(backup === null ? [] : [backup.user]), MONITOR];
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
    ...removals(accounts),
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

/** Users from where they may not come, users without a name, a root from elsewhere; `test` when nothing is in it. */
function removals({ app, backup }: MysqlAccounts): readonly string[] {
  const elsewhere = [app, ...(backup === null ? [] : [backup])].map(({ user, addresses }) => {
    const kept = addresses.map(literal).join(', ') || `''`;
    return `(user = ${literal(user)} and host not in (${kept}))`;
  });
  return [
    'set session group_concat_max_len = 65536',
    `set @tooMany = (select group_concat(quote(user), '@', quote(host)) from mysql.user where user = ''
  or (user = 'root' and host <> 'localhost') or ${elsewhere.join(' or ')})`,
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
