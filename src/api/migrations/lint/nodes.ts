import assert from 'node:assert/strict';
import type { ColumnDef, Node, RangeVar } from 'libpg-query';
import type { Alternative, ColumnType, Condition } from './changes.ts';

/** A part that PostgreSQL's grammar always gives here; the parser's types call every part optional. */
export function required<T>(part: T | undefined): T {
  assert(part !== undefined, "the parser left out a part that PostgreSQL's grammar requires");
  return part;
}

/** `x`, or `other.x` when a schema is named: that is never one of ours. */
export function tableName(relation: RangeVar | undefined): string {
  const { schemaname, relname } = required(relation);
  return [schemaname, relname].filter((part) => part !== undefined).join('.');
}

/** Each name of a list such as `(a, b)`. */
export function namesOf(nodes: readonly Node[] | undefined): readonly string[] {
  return (nodes ?? []).flatMap((node) => ('String' in node ? [required(node.String.sval)] : []));
}

export function columnType({ typeName, collClause }: ColumnDef): ColumnType {
  const { names, typmods } = required(typeName);
  return {
    name: required(namesOf(names).at(-1)),
    sizes: (typmods ?? []).map((node) => Number(constantOf(node))),
    collation: namesOf(collClause?.collname).join('.'),
  };
}

/** The text of a constant, `null` as such; undefined for anything that is worked out. */
export function constantOf(node: Node): string | undefined {
  if ('TypeCast' in node) return constantOf(required(node.TypeCast.arg));
  if (!('A_Const' in node)) return undefined;
  const { sval, ival, fval, boolval, isnull } = node.A_Const;
  if (isnull === true) return 'null';
  // Zero and false are empty messages, which the parser leaves out.
  if (ival !== undefined) return String(ival.ival ?? 0);
  if (boolval !== undefined) return String(boolval.boolval ?? false);
  return sval?.sval ?? fval?.fval ?? '';
}

/** The columns that a WHERE fixes to constants: what limits the rows that a change touches. */
export function fixedColumns(where: Node | undefined): readonly string[] {
  if (where === undefined) return [];
  if ('BoolExpr' in where && where.BoolExpr.boolop === 'AND_EXPR') {
    return required(where.BoolExpr.args).flatMap(fixedColumns);
  }
  const { of, values } = alternativeOf(where);
  return values.length > 0 ? [of] : [];
}

/** A CHECK's condition as alternatives, so that two can be compared. */
export function conditionOf(node: Node): Condition {
  if ('BoolExpr' in node && node.BoolExpr.boolop === 'OR_EXPR') {
    return required(node.BoolExpr.args).flatMap(conditionOf);
  }
  return [alternativeOf(node)];
}

/** `kind in ('a', 'b')` and `kind = 'a'` are a column with its values; anything else is a key that stands for itself. */
function alternativeOf(node: Node): Alternative {
  const opaque = { of: keyOf(node), values: [] };
  if (!('A_Expr' in node)) return opaque;
  const { kind, name, lexpr, rexpr } = node.A_Expr;
  if (namesOf(name).join() !== '=' || (kind !== 'AEXPR_IN' && kind !== 'AEXPR_OP')) return opaque;
  const left = required(lexpr);
  const right = required(rexpr);
  const listed = 'List' in right ? required(right.List.items) : [right];
  const values = listed.map(constantOf).filter((value) => value !== undefined);
  if (!('ColumnRef' in left) || values.length < listed.length) return opaque;
  return { of: namesOf(left.ColumnRef.fields).join('.'), values };
}

/** The same condition gives the same key wherever it stands in its statement. */
function keyOf(node: Node): string {
  return JSON.stringify(node, (name, value: unknown) =>
    /^(location|rexpr_list_(start|end))$/.test(name) ? undefined : value,
  );
}
