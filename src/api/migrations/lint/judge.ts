import type { Change, Column, Constraint } from './changes.ts';
import { isNarrowed, isWidened, isWider, type SchemaModel } from './model.ts';
import type { RuleId } from './rules.ts';

/** What a change is judged against. */
export interface Circumstances {
  /** The schema before the migration: what is not in it is new, and no other release knows it. */
  readonly before: SchemaModel;
  /** The schema at the moment of the change. */
  readonly now: SchemaModel;
  /** All changes of the phase: a check may be dropped when a wider one takes its place. */
  readonly phase: readonly Change[];
  /** More rows than a lock may be held for. */
  readonly isLarge: (table: string) => boolean;
  readonly family: 'postgresql' | 'mysql';
}

export interface Verdict {
  readonly rule: RuleId;
  /** Empty when none is named. */
  readonly table: string;
  /** What exactly; empty when the statement says it all. */
  readonly detail: string;
}

/** Every rule that the change breaks; none for a change of what the migration itself made. Pure. */
export function judge(change: Change, seen: Circumstances): readonly Verdict[] {
  if (change.kind === 'unknown') return [{ rule: 'cannot-judge', table: '', detail: change.what }];
  if (change.kind === 'dropIndex') return [{ rule: 'drop-index', table: '', detail: change.index }];
  const { table } = change;
  if (!seen.now.has(table)) return unmade(change);
  if (!seen.before.has(table)) return [];
  return brokenRules(change, seen).map((rule) => ({ rule, table, detail: '' }));
}

/** A table that no migration has made: nothing of it is known. */
function unmade(change: Exclude<Change, { readonly kind: 'unknown' | 'dropIndex' }>): readonly Verdict[] {
  if (change.kind === 'createTable') return [];
  const detail = `no migration before makes the table ${change.table}`;
  return [{ rule: 'cannot-judge', table: change.table, detail }];
}

type TableChange = Exclude<Change, { readonly kind: 'unknown' | 'dropIndex' }>;

function brokenRules(change: TableChange, seen: Circumstances): readonly RuleId[] {
  const isLarge = seen.isLarge(change.table);
  const whenLarge = (rule: RuleId): readonly RuleId[] => (isLarge ? [rule] : []);
  switch (change.kind) {
    case 'dropTable':
      return ['drop-table'];
    case 'dropColumn':
      return ['drop-column'];
    case 'rename':
      return ['rename'];
    case 'setNotNull':
      return ['set-not-null', ...whenLarge('scan-under-lock')];
    case 'dropNotNull':
      return ['drop-not-null'];
    case 'dropDefault':
      return ['drop-default'];
    case 'trigger':
      return ['trigger-on-used-table'];
    case 'addColumn':
      return brokenByColumn(change.definition, whenLarge);
    case 'alterType':
      return brokenByType(change, seen, whenLarge);
    case 'addConstraint':
      return brokenByConstraint(change.table, change.constraint, seen, whenLarge);
    case 'dropConstraint':
      return isReplaced(change, seen) ? [] : ['drop-constraint'];
    case 'createIndex':
      return [
        ...(change.unique ? (['add-unique'] as const) : []),
        ...(change.online ? [] : whenLarge('index-not-online')),
      ];
    case 'insert':
      return change.fromQuery ? ['unbounded-data-change'] : [];
    case 'changeRows':
      return isBounded(change, seen) ? [] : ['unbounded-data-change'];
    default:
      return [];
  }
}

type WhenLarge = (rule: RuleId) => readonly RuleId[];

function brokenByColumn({ notNull, filled, constraints }: Column, whenLarge: WhenLarge): readonly RuleId[] {
  return [
    ...(notNull && filled === 'no' ? (['not-null-without-default'] as const) : []),
    ...(filled === 'computed' ? whenLarge('table-rewrite') : []),
    ...constraints.flatMap((constraint) => brokenByOwn(constraint, filled, whenLarge)),
  ];
}

/** A column that stays NULL breaks no constraint; one that is filled has the same value in every row. */
function brokenByOwn(
  { kind }: Constraint,
  filled: Column['filled'],
  whenLarge: WhenLarge,
): readonly RuleId[] {
  const isIndex = kind === 'unique' || kind === 'primary';
  const cost = whenLarge(isIndex ? 'index-not-online' : 'scan-under-lock');
  return filled === 'no' ? cost : [RULE_OF_CONSTRAINT[kind], ...cost];
}

const RULE_OF_CONSTRAINT = {
  check: 'add-check',
  unique: 'add-unique',
  primary: 'add-unique',
  foreign: 'add-foreign-key',
} as const satisfies Readonly<Record<Constraint['kind'], RuleId>>;

function brokenByType(
  { table, column, type }: Extract<Change, { readonly kind: 'alterType' }>,
  { now }: Circumstances,
  whenLarge: WhenLarge,
): readonly RuleId[] {
  const from = now.get(table)?.columns.get(column);
  if (from === undefined) return ['cannot-judge'];
  if (isWidened(from, type)) return [];
  return [isNarrowed(from, type) ? 'narrow-type' : 'change-type', ...whenLarge('table-rewrite')];
}

function brokenByConstraint(
  table: string,
  constraint: Constraint,
  { before, family }: Circumstances,
  whenLarge: WhenLarge,
): readonly RuleId[] {
  const { kind, name, condition, scans, fromIndex } = constraint;
  if (kind === 'unique' || kind === 'primary') {
    return ['add-unique', ...(fromIndex ? [] : whenLarge('index-not-online'))];
  }
  const replaced = before.get(table)?.checks.get(name);
  const isWidening = kind === 'check' && replaced !== undefined && isWider(condition, replaced);
  return [
    ...(isWidening ? [] : [RULE_OF_CONSTRAINT[kind]]),
    ...(scans ? whenLarge('scan-under-lock') : []),
    // MySQL's ADD CHECK copies the table; PostgreSQL looks at its rows later, while others write.
    ...(family === 'mysql' ? whenLarge('table-rewrite') : []),
  ];
}

/** By a check of the same name that lets in all that it let in. */
function isReplaced(
  { table, name }: Extract<Change, { readonly kind: 'dropConstraint' }>,
  { before, phase }: Circumstances,
): boolean {
  const old = before.get(table)?.checks.get(name);
  return phase.some(
    (other) =>
      other.kind === 'addConstraint' &&
      other.table === table &&
      other.constraint.name === name &&
      old !== undefined &&
      isWider(other.constraint.condition, old),
  );
}

/** The condition fixes all columns of one of the table's keys. */
function isBounded(
  { table, fixed }: Extract<Change, { readonly kind: 'changeRows' }>,
  { now }: Circumstances,
): boolean {
  return now.get(table)?.keys.some((key) => key.every((column) => fixed.includes(column))) === true;
}
