import assert from 'node:assert/strict';
import type { ColumnDef, Constraint as ConstraintNode, Node } from 'libpg-query';
import type { Column, Constraint } from './changes.ts';
import { columnType, conditionOf, constantOf, namesOf, required } from './nodes.ts';

/** What of a table is told between its parentheses. */
export interface TableParts {
  readonly columns: Readonly<Record<string, Column>>;
  readonly constraints: readonly Constraint[];
  /** `like …` and others that say nothing of their content. */
  readonly unknown: readonly string[];
}

export function tableParts(nodes: readonly Node[]): TableParts {
  const columns: Record<string, Column> = {};
  const constraints: Constraint[] = [];
  const unknown: string[] = [];
  for (const node of nodes) {
    if ('ColumnDef' in node) {
      const column = columnOf(node.ColumnDef);
      columns[required(node.ColumnDef.colname)] = column;
      constraints.push(...column.constraints);
    } else if ('Constraint' in node) constraints.push(...constraintsOf(node.Constraint, []));
    else unknown.push(Object.keys(node).join());
  }
  return { columns, constraints, unknown };
}

export function columnOf(definition: ColumnDef): Column {
  const own = [required(definition.colname)];
  const parts = (definition.constraints ?? []).map((node) => {
    assert('Constraint' in node);
    return node.Constraint;
  });
  const has = (kind: ConstraintNode['contype']): boolean => parts.some(({ contype }) => contype === kind);
  return {
    type: columnType(definition),
    notNull: has('CONSTR_NOTNULL') || has('CONSTR_PRIMARY'),
    filled: filledBy(definition, parts),
    constraints: parts.flatMap((part) => constraintsOf(part, own)),
  };
}

const SERIALS: ReadonlySet<string> = new Set(['serial', 'bigserial', 'smallserial', 'serial4', 'serial8']);

function filledBy(definition: ColumnDef, parts: readonly ConstraintNode[]): Column['filled'] {
  const computed = parts.some(
    ({ contype }) => contype === 'CONSTR_GENERATED' || contype === 'CONSTR_IDENTITY',
  );
  if (computed || SERIALS.has(columnType(definition).name)) return 'computed';
  const fallback = parts.find(({ contype }) => contype === 'CONSTR_DEFAULT');
  if (fallback === undefined) return 'no';
  const value = constantOf(required(fallback.raw_expr));
  if (value === 'null') return 'no';
  return value === undefined ? 'computed' : 'constant';
}

const KINDS: Readonly<Record<string, Constraint['kind']>> = {
  CONSTR_CHECK: 'check',
  CONSTR_UNIQUE: 'unique',
  CONSTR_PRIMARY: 'primary',
  CONSTR_FOREIGN: 'foreign',
};

/** One, or none for what says something of a column alone, as `not null` does. */
export function constraintsOf(node: ConstraintNode, own: readonly string[]): readonly Constraint[] {
  const kind = KINDS[required(node.contype)];
  if (kind === undefined) return [];
  const named = namesOf(kind === 'foreign' ? node.fk_attrs : node.keys);
  const isValidated = node.skip_validation !== true;
  return [
    {
      kind,
      name: node.conname ?? '',
      columns: named.length > 0 ? named : own,
      condition: node.raw_expr === undefined ? [] : conditionOf(node.raw_expr),
      scans: isValidated && (kind === 'check' || kind === 'foreign'),
      fromIndex: node.indexname !== undefined,
    },
  ];
}
