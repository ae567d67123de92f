import { describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../../../src/api/migrations/index.ts';
import type { Migration, MigrationKit } from '../../../../src/api/migrations/kit.ts';
import { lintMigrations } from '../../../../src/api/migrations/lint/lint.ts';
import { RULES } from '../../../../src/api/migrations/lint/rules.ts';
import { textOf } from '../../../tidy/project.ts';

/** The rules that statements break, as the expand step of a migration that follows those of this release. */
async function broken(
  statements: string | readonly string[] | Migration['expand'],
  options: Parameters<typeof lintMigrations>[1] & { readonly phase?: 'contract' } = {},
): Promise<readonly string[]> {
  const step =
    typeof statements === 'function'
      ? statements
      : async (kit: MigrationKit) => {
          for (const statement of [statements].flat()) await kit.run(statement);
        };
  const nothing = async () => {};
  const phases = options.phase === 'contract' ? { expand: nothing, contract: step } : { expand: step };
  const migration = { id: '9999', name: 'tried', ...phases };
  const { findings } = await lintMigrations([...MIGRATIONS, migration], { ...options, only: ['9999'] });
  return findings.map(({ rule, table }) => `${rule} ${table}`.trim());
}

const SMALL = new Map([
  ['users', 100_000],
  ['accounts', 100_000],
  ['transfers', 100_001],
]);

describe('a linted expand step', () => {
  it.each([
    ['a table of its own', 'create table added (id bigint primary key, name text not null)'],
    [
      'what is done to that table',
      ['create table added (id bigint)', 'alter table added drop column id', 'drop table added'],
    ],
    ['a nullable column', 'alter table users add column surnom varchar(100) null'],
    ['a nullable column by its default', 'alter table users add column surnom varchar(100) default null'],
    [
      'a column with a constant default',
      "alter table users add column langue varchar(2) not null default 'fr'",
    ],
    [
      'a column with a typed constant default',
      "alter table users add column langue varchar(2) not null default 'fr'::varchar",
    ],
    ['a flag that is true', 'alter table users add column vip boolean not null default true'],
    ['a string of bits', "alter table users add column marks bit(3) not null default b'101'"],
    ['an empty text', "alter table users add column surnom text not null default ''"],
    ['nothing', '-- later'],
    ['a flag that is false', 'alter table users add column vip boolean not null default false'],
    ['a number with a fraction', 'alter table users add column rate numeric(5, 2) not null default 0.5'],
    ['more room in a text', 'alter table users alter column nom type varchar(200) collate "C"'],
    ['all room in a text', 'alter table users alter column nom type text collate "C"'],
    ['an index built online', 'create index concurrently users_status on users (status)'],
    ['a default for rows to come', "alter table users alter column sexe set default 'Femme'"],
    ['one row, by its key', "update users set nom = 'x' where id = 'a'"],
    [
      'some rows, by a key of two columns',
      "delete from idempotency_keys where owner_id = 'a' and idempotency_key in ('b', 'c')",
    ],
    ['rows with their values', "insert into limit_rules (kyc_level) values ('other')"],
    ['a row of defaults', 'insert into limit_rules default values'],
    ['a constraint looked at later', 'alter table users validate constraint users_status_known'],
  ])('may do: %s', async (_what, statements) => {
    expect(await broken(statements)).toEqual([]);
  });

  it.each([
    ['drop table users', ['drop-table users']],
    ['alter table users drop column nom', ['drop-column users']],
    ['alter table users drop constraint users_telephone_unique', ['drop-constraint users']],
    ['drop index concurrently sessions_user', ['drop-index']],
    ['alter table users alter column nom drop default', ['drop-default users']],
    ['alter table users alter column nom drop not null', ['drop-not-null users']],
    ['alter table users rename column nom to name', ['rename users']],
    ['alter table users rename to people', ['rename users']],
    [
      'alter table users alter column nom type varchar(50) collate "C"',
      ['narrow-type users', 'table-rewrite users'],
    ],
    [
      'alter table accounts alter column balance type integer',
      ['narrow-type accounts', 'table-rewrite accounts'],
    ],
    ['alter table otps alter column tries type bigint', ['change-type otps', 'table-rewrite otps']],
    ['alter table users alter column nom type varchar(200)', ['change-type users', 'table-rewrite users']],
    [
      'alter table users alter column created_at_ms type text using created_at_ms::text',
      ['change-type users', 'table-rewrite users'],
    ],
    ['alter table users alter column age type text', ['cannot-judge users']],
    ['alter table users add column age integer not null', ['not-null-without-default users']],
    ['alter table users add column age integer not null default null', ['not-null-without-default users']],
    ['alter table users add column token text not null default gen_random_uuid()', ['table-rewrite users']],
    ['alter table users add column n bigserial', ['table-rewrite users']],
    ['alter table users add column n bigint generated always as identity', ['table-rewrite users']],
    [
      'alter table users add column n text generated always as (nom || prenom) stored',
      ['table-rewrite users'],
    ],
    ['alter table users add column age integer check (age > 0)', ['scan-under-lock users']],
    [
      'alter table users add column age integer default 0 check (age > 0)',
      ['add-check users', 'scan-under-lock users'],
    ],
    ['alter table users add column age integer unique', ['index-not-online users']],
    [
      "alter table users add column place varchar(36) default 'x' references accounts (id)",
      ['add-foreign-key users', 'scan-under-lock users'],
    ],
    ['alter table users alter column cni set not null', ['set-not-null users', 'scan-under-lock users']],
    [
      "alter table users add constraint adult check (date_naissance < '2008')",
      ['add-check users', 'scan-under-lock users'],
    ],
    ["alter table users add constraint adult check (date_naissance < '2008') not valid", ['add-check users']],
    ['alter table users add constraint one_cni unique (cni)', ['add-unique users', 'index-not-online users']],
    ['alter table users add constraint one_cni unique using index one_cni_index', ['add-unique users']],
    ['alter table otps add primary key (user_id)', ['add-unique otps', 'index-not-online otps']],
    [
      'alter table entries add constraint known foreign key (account_id) references accounts (id) not valid',
      ['add-foreign-key entries'],
    ],
    ['create index users_status on users (status)', ['index-not-online users']],
    ['create index users_lower on users (lower(nom))', ['index-not-online users']],
    ['create unique index concurrently users_nom on users (nom)', ['add-unique users']],
    [
      'create trigger t before update on users for each row execute function f()',
      ['trigger-on-used-table users'],
    ],
    ["update users set nom = 'x'", ['unbounded-data-change users']],
    ['delete from sessions where expires_at_ms < 5', ['unbounded-data-change sessions']],
    ["delete from sessions where token_hash = 'a' or token_hash = 'b'", ['unbounded-data-change sessions']],
    ['delete from users where id = nom', ['unbounded-data-change users']],
    ["delete from users where users.* = 'x'", ['unbounded-data-change users']],
    ["delete from users where lower(id) = 'x'", ['unbounded-data-change users']],
    ["delete from users where id > 'x'", ['unbounded-data-change users']],
    ["delete from users where id like 'x'", ['unbounded-data-change users']],
    ['delete from users where id in (select user_id from sessions)', ['unbounded-data-change users']],
    ['insert into otps select * from users', ['unbounded-data-change otps']],
    ['alter table users modify column nom varchar(50)', ['cannot-judge']],
    ['create table copied (like users)', ['cannot-judge']],
    ['alter table users enable row level security', ['cannot-judge']],
    ['alter table users add constraint apart exclude (nom with =)', ['cannot-judge']],
    ['alter index users_pkey set (fillfactor = 70)', ['cannot-judge']],
    ['alter function f() rename to g', ['cannot-judge']],
    ['drop trigger t on users', ['cannot-judge']],
    ['vacuum full users', ['cannot-judge']],
    ['alter table nowhere add column n bigint', ['cannot-judge nowhere']],
    ['drop table other.users', ['cannot-judge other.users']],
  ])('may not do: %s', async (statement, rules) => {
    expect(await broken(statement)).toEqual(rules);
  });

  it('may not make a table append-only, or its rows settled once, that another release writes', async () => {
    expect(await broken((kit) => kit.makeAppendOnly('sessions'))).toEqual(['trigger-on-used-table sessions']);
    const settled = (kit: MigrationKit) => kit.makeSettledOnce('users', { column: 'status', open: 'active' });
    expect(await broken(settled)).toEqual(['trigger-on-used-table users']);
  });

  it('may add columns, indexes and rows by the functions of the kit', async () => {
    const step = async (kit: MigrationKit): Promise<void> => {
      await kit.addColumn('users', 'langue', `${kit.types.code(2)} null`);
      await kit.addIndex('users', 'users_status', ['status']);
      await kit.insertIfAbsent('fee_rules', []);
      await kit.createTable({ name: 'otps', columns: { id: 'bigint' }, primaryKey: ['id'] });
    };
    expect(await broken(step)).toEqual([]);
  });
});

describe('a check', () => {
  const known = (...values: readonly string[]): string =>
    `status in (${values.map((value) => `'${value}'`).join(', ')})`;
  const replaced = (condition: string): string =>
    `alter table users drop constraint users_status_known, add constraint users_status_known check (${condition}) not valid`;

  it('may be widened', async () => {
    const wider = known('pending_verification', 'active', 'suspended', 'closed');
    expect(await broken((kit) => kit.widenCheck('users', 'status_known', wider))).toEqual([]);
    expect(await broken(replaced(`${wider} or nom = 'x'`))).toEqual([]);
    const house = "kind in ('fees', 'issuance', 'suspense') or user_id is not null or held = 0";
    expect(await broken((kit) => kit.widenCheck('accounts', 'owned', house))).toEqual([]);
  });

  it.each([
    ['fewer values', known('active', 'suspended')],
    ['other values', known('active', 'suspended', 'closed')],
    ['another column', "sexe in ('pending_verification', 'active', 'suspended')"],
    ['something else', "status <> 'closed'"],
    ['a condition more', `${known('pending_verification', 'active', 'suspended')} and nom <> ''`],
  ])('may not be replaced by one of %s', async (_what, condition) => {
    expect(await broken(replaced(condition))).toEqual(['drop-constraint users', 'add-check users']);
  });

  it('may not be dropped for one of another name or table', async () => {
    const wider = `check (${known('pending_verification', 'active', 'suspended', 'closed')}) not valid`;
    expect(
      await broken([
        'alter table users drop constraint users_status_known',
        `alter table users add constraint users_states ${wider}`,
        'alter table accounts drop constraint accounts_owned',
      ]),
    ).toEqual(['drop-constraint users', 'add-check users', 'drop-constraint accounts']);
  });

  it('is copied with its large table by MySQL alone', async () => {
    const wider = known('pending_verification', 'active', 'suspended', 'closed');
    const step = (kit: MigrationKit) => kit.widenCheck('users', 'status_known', wider);
    expect(await broken(step, { family: 'mysql' })).toEqual(['table-rewrite users']);
    expect(await broken(step, { family: 'mysql', rows: SMALL })).toEqual([]);
  });
});

describe('the size of a table', () => {
  it('matters from 100,001 rows on, and when it is not known', async () => {
    const index = (table: string) => broken(`create index i on ${table} (id)`, { rows: SMALL });
    expect(await index('users')).toEqual([]);
    expect(await index('transfers')).toEqual(['index-not-online transfers']);
    expect(await index('entries')).toEqual(['index-not-online entries']);
  });
});

describe('a linted contract step', () => {
  it('may drop what no release needs any more', async () => {
    const statements = [
      'drop table users',
      'alter table accounts drop column held',
      'alter table otps rename to codes',
    ];
    expect(await broken(statements, { phase: 'contract' })).toEqual([]);
  });

  it.each([
    ['alter table users alter column cni set not null', ['scan-under-lock users']],
    ['delete from sessions', ['unbounded-data-change sessions']],
    ['vacuum full', ['cannot-judge']],
  ])('may not hold up the users: %s', async (statement, rules) => {
    expect(await broken(statement, { phase: 'contract' })).toEqual(rules);
  });
});

it('the page lists every rule', () => {
  const page = textOf('docs/migrations.md');
  expect(Object.keys(RULES).filter((rule) => !page.includes(`\`${rule}\``))).toEqual([]);
});
