import { openSession as openMysql } from '../mysql/session.ts';
import { serverUuidOf } from '../pglite/control.ts';
import { openSession as openPostgres } from '../postgres/session.ts';
import type { QuerySession } from '../proof.ts';
import type { DumpSource } from './source.ts';

const SESSION_LIMITS = { connectMs: 10_000, queryMs: 60_000 };
const UNSAFE = /[^A-Za-z0-9-]/g;

/** A server that is asked beside its dump. */
export interface DumpedServer extends QuerySession {
  /** What names its repository; of MariaDB, which tells no identity, its host and port. */
  readonly name: string;
  /** Where its log is now: GTIDs, of PostgreSQL an LSN. */
  position(): Promise<string>;
  close(): Promise<void>;
}

/** Throws `databaseUnavailable`: only a serving database can be dumped. */
export async function openServer(dump: DumpSource): Promise<DumpedServer> {
  return dump.engine === 'postgres' ? openPostgresServer(dump) : openMysqlServer(dump);
}

async function openPostgresServer({ source, database }: DumpSource): Promise<DumpedServer> {
  const session = await openPostgres(source, SESSION_LIMITS, database);
  try {
    const [identifier = ''] = await session.values('select system_identifier::text from pg_control_system()');
    return {
      rows: (sql, parameters) => session.rows(sql, parameters),
      name: serverUuidOf(BigInt(identifier)),
      position: async () => (await session.values('select pg_current_wal_lsn()::text'))[0] ?? '',
      close: () => session.close(),
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

async function openMysqlServer({ engine, source, database }: DumpSource): Promise<DumpedServer> {
  const session = await openMysql(source, SESSION_LIMITS, database);
  const isMysql = engine === 'mysql';
  try {
    const [name = ''] = await session.values(
      isMysql ? 'select @@global.server_uuid' : "select concat(@@hostname, '-', @@port)",
    );
    const position = isMysql
      ? "select replace(@@global.gtid_executed, '\\n', '')"
      : 'select @@global.gtid_current_pos';
    return {
      rows: (sql, parameters) => session.rows(sql, parameters),
      name: name.replace(UNSAFE, '-'),
      position: async () => (await session.values(position))[0] ?? '',
      close: async () => session.close(),
    };
  } catch (error) {
    session.close();
    throw error;
  }
}
