import { access, constants } from 'node:fs/promises';
import { OmpayError } from '../../core/errors.ts';
import { didYouMean } from '../../core/nearest.ts';
import { shownSize } from '../../core/units.ts';
import type { DumpedTable } from '../../engine/dump/table.ts';
import { openSession } from '../../engine/mysql/session.ts';
import { tablesIn } from '../../restore/table-names.ts';
import { type Invocation, textOption } from '../command.ts';
import type { SiteBackups } from './backup-site.ts';
import type { ServersMysql } from './site-engine.ts';

/** What needs no quotes in SQL, in ASCII: the same is the file's name, and what the log is searched for. */
const NAME = /^[\w$]{1,64}$/;
const LOOK_MS = 5000;

/** The values of `--table`, each once. Throws `usage` for what is no name, and for a place that tables do not go to. */
export function tablesNamed({ command }: Invocation): readonly string[] {
  const value: unknown = command.opts().table;
  const tables = Array.isArray(value) ? [...new Set(value.map(String))] : [];
  const unusable = tables.find((table) => !NAME.test(table));
  if (unusable !== undefined) throw notAName(unusable);
  if (tables.length > 0 && textOption(command, 'into') === 'host') throw notIntoHost(tables);
  return tables;
}

/** Throws `usage` where no point is named either: a backup alone is restored whole. */
export function assertNoTables(invocation: Invocation): void {
  if (tablesNamed(invocation).length === 0) return;
  throw new OmpayError('usage', '--table is of a point in time: --to is missing', {
    hint: 'ompay restore -e ENVIRONMENT --to latest --table NAME',
  });
}

/** Throws `usage` for the databases whose tables are not brought back one by one. */
export function assertTablesOf({ mysql, engine, site }: SiteBackups): void {
  if (mysql !== null) return;
  throw new OmpayError('usage', `--table is of MySQL alone, and ${site} has ${engine.name}`, {
    hint: `restore all of it, and take the table out of that: ompay restore -e ${site} --into FOLDER`,
  });
}

/** Hours of work are for nothing without it. Throws `configInvalid`. */
export async function assertDumpable({ dumpProgram }: ServersMysql): Promise<void> {
  await access(dumpProgram, constants.X_OK).catch((cause: unknown) => {
    throw new OmpayError('configInvalid', `${dumpProgram}, which dumps tables, cannot be run`, {
      hint: 'install the clients of the same version as mysqld: apt-get install mysql-client-core',
      cause,
    });
  });
}

/**
 * Warns of a name that the live database has not: a slip of the fingers, or the very table that somebody dropped, so it is
 * refused later, by what the backup and its log have. A server that does not answer tells nothing.
 */
export async function warnOfAbsent(
  { access, scratch }: ServersMysql,
  tables: readonly string[],
): Promise<void> {
  if (tables.length === 0) return;
  const known = await liveTables(access, scratch.database);
  if (known === undefined) return;
  for (const table of tables.filter((name) => !known.includes(name)))
    process.stderr.write(`! the live database has no table ${table}${didYouMean(table, known)}\n`);
}

async function liveTables(
  access: ServersMysql['access'],
  database: string,
): Promise<readonly string[] | undefined> {
  try {
    const session = await openSession(access(), { connectMs: LOOK_MS, queryMs: LOOK_MS });
    try {
      return await tablesIn(session, database);
    } finally {
      session.close();
    }
  } catch (error) {
    if (error instanceof OmpayError) return undefined;
    throw error;
  }
}

/** One line each, and how to load them: beside the live table, which they must not replace. */
export function shownTables(tables: readonly DumpedTable[]): string {
  const lines = tables.map(
    ({ table, path, rows, sizeBytes, sha256 }) =>
      `table       ${table}: ${rows} rows, ${shownSize(sizeBytes)}, ${path}\n            sha256 ${sha256}`,
  );
  const [first = ''] = tables.map(({ path }) => path);
  return [
    ...lines,
    `load it     mysql -e 'CREATE DATABASE restored' && mysql restored < ${first}   # beside the live one`,
  ].join('\n');
}

function notAName(table: string): OmpayError {
  return new OmpayError('usage', `--table is ${JSON.stringify(table)}: no table's name by itself`, {
    hint: 'without database and quotes: --table transfers; others: mysqldump from the folder of --into scratch',
  });
}

function notIntoHost(tables: readonly string[]): OmpayError {
  return new OmpayError(
    'usage',
    '--into host replaces the whole database: single tables are not put in place',
    {
      hint: `--into FOLDER, then beside the live one: mysql -e 'CREATE DATABASE restored' && mysql restored < FOLDER/${tables[0]}.sql`,
    },
  );
}
