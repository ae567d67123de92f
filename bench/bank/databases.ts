import { SERVER_KINDS, type ServerKind } from '../../tests/fixtures/databases.ts';

/** As DB_CONNECTION names them. */
const NAMES: Readonly<Record<string, string>> = {
  MySQL: 'mysql',
  MariaDB: 'mariadb',
  PostgreSQL: 'pgsql',
  PGlite: 'pglite',
};

/** The databases of `--db`, without those that this machine lacks, which are told. Throws when none has such a name. */
export function databasesNamed(names: string, say: (line: string) => void): readonly ServerKind[] {
  const wanted = names.split(',');
  const kinds = SERVER_KINDS.filter(({ name }) => names === 'all' || wanted.includes(NAMES[name] ?? name));
  if (kinds.length === 0) throw new Error(`--db ${names}: mysql, mariadb, pgsql, pglite or all`);
  for (const { name, absent } of kinds) if (absent !== undefined) say(`skipped: ${name}: ${absent}`);
  return kinds.filter(({ absent }) => absent === undefined);
}
