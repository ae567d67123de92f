/** Why a change may not be made while another release runs or rows are written, and what to do instead. */
export interface Rule {
  readonly why: string;
  readonly instead: string;
  /** Where the fact comes from. */
  readonly source: string;
  /** Also judged where what is old is removed: no release of before runs then, but users do. */
  readonly inContract: boolean;
}

const POSTGRESQL_ALTER = 'https://www.postgresql.org/docs/18/sql-altertable.html#SQL-ALTERTABLE-NOTES';
const POSTGRESQL_INDEX =
  'https://www.postgresql.org/docs/18/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY';
const MYSQL_ONLINE = 'https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html';
const SQUAWK = 'https://squawkhq.com/docs/';
const PARALLEL_CHANGE = 'https://martinfowler.com/bliki/ParallelChange.html';
const IN_CONTRACT = 'stop using it, deploy, and remove it in this migration’s contract step';

/** The rules of the linter, by the id that a migration's `accepts` names. docs/migrations.md lists them. */
export const RULES = {
  'cannot-judge': {
    why: 'what cannot be read cannot be known to be harmless, or to be the same on every database',
    instead: 'use the functions of the migration kit, or SQL that PostgreSQL, MySQL and MariaDB share',
    source: 'src/api/migrations/kit.ts',
    inContract: true,
  },
  'drop-table': {
    why: 'the running release still reads and writes it',
    instead: IN_CONTRACT,
    source: `${SQUAWK}ban-drop-table`,
    inContract: false,
  },
  'drop-column': {
    why: 'the running release still names it',
    instead: IN_CONTRACT,
    source: `${SQUAWK}ban-drop-column`,
    inContract: false,
  },
  'drop-constraint': {
    why: 'the running release relies on it: a key for what it inserts once, a check for what it never writes',
    instead: `replace a check by a wider one (widenCheck); else ${IN_CONTRACT}`,
    source: PARALLEL_CHANGE,
    inContract: false,
  },
  'drop-index': {
    why: 'the running release may read by it, and would read the whole table instead',
    instead: IN_CONTRACT,
    source: PARALLEL_CHANGE,
    inContract: false,
  },
  'drop-default': {
    why: 'the running release inserts rows without naming the column',
    instead: IN_CONTRACT,
    source: PARALLEL_CHANGE,
    inContract: false,
  },
  'drop-not-null': {
    why: 'the running release reads the column and was never given NULL',
    instead: 'write NULL only in a release after the one that can read it',
    source: PARALLEL_CHANGE,
    inContract: false,
  },
  rename: {
    why: 'the running release knows the old name',
    instead: 'add the new beside the old, write both, and remove the old in a contract step',
    source: `${SQUAWK}renaming-column`,
    inContract: false,
  },
  'narrow-type': {
    why: 'the running release writes values that have no room any more',
    instead: 'add a column of the new type, write both, and remove the old in a contract step',
    source: `${SQUAWK}changing-column-type`,
    inContract: false,
  },
  'change-type': {
    why: 'the running release reads and writes the old type',
    instead: 'add a column of the new type, write both, and remove the old in a contract step',
    source: `${SQUAWK}changing-column-type`,
    inContract: false,
  },
  'not-null-without-default': {
    why: 'the running release inserts rows without it, and they would be refused',
    instead: 'make it nullable, or give it a constant default',
    source: `${SQUAWK}adding-required-field`,
    inContract: false,
  },
  'set-not-null': {
    why: 'the running release may still write NULL',
    instead: 'do it in the contract step, once every release that is kept writes it',
    source: `${SQUAWK}adding-not-nullable-field`,
    inContract: false,
  },
  'add-check': {
    why: 'the running release may write rows that it refuses; only a wider check than before is known to be harmless',
    instead: 'widen the check that is there (widenCheck), or add it in the contract step',
    source: `${SQUAWK}constraint-missing-not-valid`,
    inContract: false,
  },
  'add-unique': {
    why: 'the running release may write two rows alike',
    instead: 'a table of its own whose primary key is what must be unique; or in the contract step',
    source: `${SQUAWK}disallowed-unique-constraint`,
    inContract: false,
  },
  'add-foreign-key': {
    why: 'the running release may write or delete rows in an order that it refuses',
    instead: 'refer to it from a new table, or add it in the contract step',
    source: `${SQUAWK}adding-foreign-key-constraint`,
    inContract: false,
  },
  'index-not-online': {
    why: 'writers of a large table wait until the index is built',
    instead: 'addIndex of the migration kit (CONCURRENTLY; on MySQL algorithm=inplace, lock=none)',
    source: POSTGRESQL_INDEX,
    inContract: true,
  },
  'scan-under-lock': {
    why: 'every row of a large table is looked at while nobody else may use it',
    instead: 'add it `not valid`, then `validate constraint` in a statement of its own',
    source: POSTGRESQL_ALTER,
    inContract: true,
  },
  'table-rewrite': {
    why: 'a large table is written anew while nobody else may use it',
    instead: 'add a nullable column, and fill it in small parts from the release; on MySQL see gh-ost',
    source: `${POSTGRESQL_ALTER} and ${MYSQL_ONLINE}`,
    inContract: true,
  },
  'trigger-on-used-table': {
    why: 'the running release may change rows in a way that the trigger refuses or reacts to',
    instead: 'put it on a new table, or add it in the contract step',
    source: PARALLEL_CHANGE,
    inContract: false,
  },
  'unbounded-data-change': {
    why: 'it locks and writes a number of rows that nothing bounds',
    instead: 'name the rows by their key, or change them in small parts from the release',
    source: `${SQUAWK}safe_migrations`,
    inContract: true,
  },
  'unused-acceptance': {
    why: 'what is accepted here is not found, so it would hide a finding to come',
    instead: 'remove it from `accepts`',
    source: 'src/api/migrations/lint/lint.ts',
    inContract: true,
  },
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleId = keyof typeof RULES;
