import { sql } from 'kysely';
import type { Dialect } from './dialect.ts';
import type { Database } from './open.ts';
import type { ConnectionKind } from './settings.ts';

interface ServerSetting {
  readonly name: string;
  readonly value: string;
  readonly wanted: string;
}

/** MySQL's manual, 17.14 and 19.1.6.4; PostgreSQL's, 20.5. Without a binary log nothing has to be written there. */
const READ = {
  mysql: sql<ServerSetting>`
    select 'innodb_flush_log_at_trx_commit' as name, '1' as wanted,
      cast(@@global.innodb_flush_log_at_trx_commit as char) as value
    union all
    select 'sync_binlog', '1', cast(if(@@global.log_bin, @@global.sync_binlog, 1) as char)`,
  // Every other value of synchronous_commit waits for this server's own disk too.
  postgresql: sql<ServerSetting>`
    select name, 'on' as wanted, case when setting = 'off' then 'off' else 'on' end as value from pg_settings
    where name in ('fsync', 'full_page_writes', 'synchronous_commit')`,
} as const satisfies Readonly<Record<Dialect['family'], unknown>>;

/** Says at the start what is set so; the embedded database is known to be for this machine's tests alone. */
export async function tellGaps(
  connection: ConnectionKind,
  database: Pick<Database, 'kysely' | 'dialect'>,
  log: { error(fields: object, message: string): void },
): Promise<void> {
  const gaps = connection === 'pglite' ? [] : await durabilityGaps(database);
  if (gaps.length > 0)
    log.error({ gaps }, 'acknowledged money may be lost when the machine of the database dies');
}

/** Which settings of the server let acknowledged money be lost when its machine dies, for people; none: commits are durable. */
export async function durabilityGaps({
  kysely,
  dialect,
}: Pick<Database, 'kysely' | 'dialect'>): Promise<readonly string[]> {
  const { rows } = await READ[dialect.family].execute(kysely);
  return rows
    .filter(({ value, wanted }) => value !== wanted)
    .map(({ name, value, wanted }) => `${name} is ${value} instead of ${wanted}`);
}
