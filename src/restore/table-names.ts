import { createReadStream } from 'node:fs';
import { OmpayError } from '../core/errors.ts';
import { didYouMean } from '../core/nearest.ts';
import type { ResolvedTarget } from '../engine/mysql/replay/target.ts';
import type { QuerySession } from '../engine/proof.ts';

const TABLES = `select table_name as name from information_schema.tables
  where table_schema = $1 and table_type = 'BASE TABLE' order by table_name`;
/** A hint is read, not scrolled. */
const MOST_SHOWN = 20;

export interface WantedTables {
  readonly database: string;
  readonly tables: readonly string[];
}

/** By name; views are none. */
export async function tablesIn(session: QuerySession, database: string): Promise<readonly string[]> {
  const rows = (await session.rows(TABLES, [database])) ?? [];
  return rows.map(({ name = '' }) => name);
}

/** Throws `notFound` when the database, which is at the target, lacks one of them. */
export async function assertTables(session: QuerySession, { database, tables }: WantedTables): Promise<void> {
  const known = await tablesIn(session, database);
  const absent = tables.find((table) => !known.includes(table));
  if (absent !== undefined) throw noTable({ table: absent, database, known, why: 'at that point' });
}

/**
 * Looks before the log is replayed, which may take hours: a table that the base has not and that the log never names cannot
 * be there afterwards. Throws `notFound`.
 */
export async function assertAttainable(
  session: QuerySession,
  { database, tables }: WantedTables,
  files: ResolvedTarget['files'],
): Promise<void> {
  const known = await tablesIn(session, database);
  for (const table of tables) {
    if (known.includes(table) || (await isNamedIn(files, table))) continue;
    throw noTable({ table, database, known, why: 'in the base backup, and the log up to there names none' });
  }
}

/** Of one word's characters alone (docs/mysql-backup.md): a statement that makes or renames it holds these very bytes. */
async function isNamedIn(files: ResolvedTarget['files'], table: string): Promise<boolean> {
  const word = new RegExp(`(?<![\\w$\\x80-\\xff])${table.replaceAll('$', '\\$')}(?![\\w$\\x80-\\xff])`);
  for (const { path, sizeBytes } of files) {
    if (sizeBytes === 0) continue;
    // The beginning of a name may be in one chunk, its end in the next.
    let rest = '';
    for await (const chunk of createReadStream(path, { encoding: 'latin1', end: sizeBytes - 1 })) {
      const text = rest + String(chunk);
      if (word.test(text)) return true;
      rest = text.slice(-table.length - 1);
    }
  }
  return false;
}

interface Absence {
  readonly table: string;
  readonly database: string;
  readonly known: readonly string[];
  readonly why: string;
}

function noTable({ table, database, known, why }: Absence): OmpayError {
  const message = `there is no table ${table} in ${database} ${why}${didYouMean(table, known)}`;
  return new OmpayError('notFound', message, { hint: `--table NAME of these: ${shownNames(known)}` });
}

function shownNames(names: readonly string[]): string {
  const more = names.length - MOST_SHOWN;
  const shown = names.slice(0, MOST_SHOWN).join(', ');
  if (more > 0) return `${shown} and ${more} more`;
  return shown === '' ? 'none, as the database is empty then' : shown;
}
