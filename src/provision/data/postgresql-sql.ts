import { Secret } from '../../core/secret.ts';
import type { AppAccount, BackupAccount } from './database.ts';
import { scramVerifier } from './verifier.ts';

/** SQL of PostgreSQL 15 and newer, run by its own superuser. The database's parts are asked for and made in the database. */

const MONITOR = 'prometheus';

/** `0` for what is as it is to be; else `1`. Of the whole server. */
export function roleQuery({ database, password, user }: AppAccount): Secret {
  return new Secret(`select count(*) from (values (1)) as one where not exists (
  select 1 from pg_authid where rolname = ${literal(user)} and rolcanlogin and rolpassword = ${literal(scramVerifier(password, user))}
    and not (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls))
or exists (select 1 from pg_auth_members where member = (select oid from pg_authid where rolname = ${literal(user)}))
or not exists (select 1 from pg_authid where rolname = '${MONITOR}' and rolcanlogin and rolpassword is null and not rolsuper)
or not pg_has_role('${MONITOR}', 'pg_monitor', 'member')
or not exists (select 1 from pg_database where datname = ${literal(database)} and encoding = 6
  and datdba = 10 and not has_database_privilege('public', oid, 'CONNECT') and has_database_privilege(${literal(user)}, oid, 'CONNECT'));
`);
}

export function roleStatements({ database, password, user }: AppAccount): Secret {
  const role = identifier(user);
  return new Secret(`${made(user, 'role', 'pg_roles', 'rolname')}
alter role ${role} login nosuperuser nocreaterole nocreatedb noreplication nobypassrls password ${literal(scramVerifier(password, user))};
select format('revoke %I from %I', roleid::regrole, member::regrole) from pg_auth_members
  where member = (select oid from pg_roles where rolname = ${literal(user)}) \\gexec
${made(MONITOR, 'role', 'pg_roles', 'rolname')}
alter role ${MONITOR} login nosuperuser password null;
grant pg_monitor to ${MONITOR};
${made(database, 'database', 'pg_database', 'datname', " encoding 'UTF8' template template0")}
alter database ${identifier(database)} owner to postgres;
revoke all on database ${identifier(database)} from public;
grant connect, temporary on database ${identifier(database)} to ${role};
`);
}

/** As `roleQuery`: copies the server, reads all of it and writes nothing. */
export function backupQuery({ password, user }: BackupAccount, database: string): Secret {
  return new Secret(`select count(*) from (values (1)) as one where not exists (
  select 1 from pg_authid where rolname = ${literal(user)} and rolcanlogin and rolreplication and rolinherit
    and rolpassword = ${literal(scramVerifier(password, user))}
    and not (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls))
or (select array_agg(roleid::regrole::text order by roleid::regrole::text) from pg_auth_members
  where member = (select oid from pg_authid where rolname = ${literal(user)}))
  is distinct from array['pg_read_all_data', 'pg_read_all_stats']
or not exists (select 1 from pg_database where datname = ${literal(database)} and has_database_privilege(${literal(user)}, oid, 'CONNECT'));
`);
}

export function backupStatements({ password, user }: BackupAccount, database: string): Secret {
  const role = identifier(user);
  return new Secret(`${made(user, 'role', 'pg_roles', 'rolname')}
alter role ${role} login replication inherit nosuperuser nocreaterole nocreatedb nobypassrls password ${literal(scramVerifier(password, user))};
select format('revoke %I from %I', roleid::regrole, member::regrole) from pg_auth_members
  where member = (select oid from pg_roles where rolname = ${literal(user)}) and roleid::regrole::text not in ('pg_read_all_data', 'pg_read_all_stats') \\gexec
grant pg_read_all_data, pg_read_all_stats to ${role};
grant connect on database ${identifier(database)} to ${role};
`);
}

/**
 * The user owns what its migrations make, and an owner may drop: an event trigger of the superuser refuses that for tables and
 * the triggers that keep them append-only. TRUNCATE is taken from what it will make.
 */
export function schemaQuery({ user }: AppAccount): string {
  return `select count(*) from (values (1)) as one where
not exists (select 1 from pg_event_trigger where evtname = 'ompay_refuse_drop' and evtenabled = 'A')
or not has_schema_privilege(${literal(user)}, 'public', 'CREATE') or has_schema_privilege('public', 'public', 'CREATE')
or not exists (select 1 from pg_default_acl where defaclrole = (select oid from pg_roles where rolname = ${literal(user)})
  and defaclnamespace = 0 and defaclobjtype = 'r' and not exists (
    select 1 from aclexplode(defaclacl) where privilege_type = 'TRUNCATE' and grantee = defaclrole))
or md5(coalesce((select prosrc from pg_proc where proname = 'ompay_refuse_drop'), '')) <> md5(${literal(refusal(user))});
`;
}

export function schemaStatements({ user }: AppAccount): string {
  return `begin;
revoke create on schema public from public;
grant usage, create on schema public to ${identifier(user)};
alter default privileges for role ${identifier(user)} revoke truncate on tables from ${identifier(user)};
create schema if not exists ompay_guard authorization postgres;
create or replace function ompay_guard.ompay_refuse_drop() returns event_trigger language plpgsql as ${literal(refusal(user))};
drop event trigger if exists ompay_refuse_drop;
create event trigger ompay_refuse_drop on sql_drop execute function ompay_guard.ompay_refuse_drop();
alter event trigger ompay_refuse_drop enable always;
commit;
`;
}

function refusal(user: string): string {
  return `begin
  if session_user = ${literal(user)} and exists (
    select 1 from pg_event_trigger_dropped_objects() where object_type in ('table', 'trigger') and original and not is_temporary)
  then raise exception 'dropping tables and triggers is withheld from %', session_user using errcode = 'insufficient_privilege';
  end if;
end`;
}

/** `create … if not exists` is not there for roles and databases; psql runs what the query prints. */
function made(name: string, kind: 'role' | 'database', catalogue: string, column: string, rest = ''): string {
  const line = `create ${kind} ${identifier(name)}${rest}`;
  return `select ${literal(line)} where not exists (select 1 from ${catalogue} where ${column} = ${literal(name)}) \\gexec`;
}

function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
