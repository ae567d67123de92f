import assert from 'node:assert/strict';
import type {
  AlterTableCmd,
  AlterTableStmt,
  DropStmt,
  IndexStmt,
  InsertStmt,
  Node,
  ParseResult,
  RenameStmt,
} from 'libpg-query';
import { parse } from 'libpg-query';
import { messageOf } from '../../../core/errors.ts';
import type { Change } from './changes.ts';
import { columnType, fixedColumns, namesOf, required, tableName } from './nodes.ts';
import { columnOf, constraintsOf, tableParts } from './read-table.ts';

/** The changes that a text of SQL makes, read by PostgreSQL's own parser. What it cannot read is `unknown`. */
export async function readSql(text: string): Promise<readonly Change[]> {
  let tree: ParseResult;
  try {
    tree = await parse(text);
  } catch (error) {
    return [unknown(`PostgreSQL cannot read it (${messageOf(error)})`)];
  }
  return required(tree.stmts).flatMap(({ stmt }) => changesOf(required(stmt)));
}

function changesOf(node: Node): readonly Change[] {
  if ('CreateStmt' in node) {
    const { relation, tableElts = [] } = node.CreateStmt;
    const { unknown: parts, ...known } = tableParts(tableElts);
    return [{ kind: 'createTable', table: tableName(relation), ...known }, ...parts.map(unknown)];
  }
  if ('AlterTableStmt' in node) return alterTable(node.AlterTableStmt);
  if ('DropStmt' in node) return drop(node.DropStmt);
  if ('RenameStmt' in node) return [rename(node.RenameStmt)];
  if ('IndexStmt' in node) return [createIndex(node.IndexStmt)];
  if ('CreateTrigStmt' in node) return [{ kind: 'trigger', table: tableName(node.CreateTrigStmt.relation) }];
  if ('InsertStmt' in node) return [insert(node.InsertStmt)];
  if ('UpdateStmt' in node) return [changeRows(node.UpdateStmt)];
  if ('DeleteStmt' in node) return [changeRows(node.DeleteStmt)];
  return [unknown(Object.keys(node).join())];
}

function alterTable({ relation, cmds, objtype }: AlterTableStmt): readonly Change[] {
  if (objtype !== 'OBJECT_TABLE') return [unknown(`alter of ${objtype}`)];
  const table = tableName(relation);
  return required(cmds).flatMap((node) => {
    assert('AlterTableCmd' in node);
    return alter(table, node.AlterTableCmd);
  });
}

function alter(table: string, command: AlterTableCmd): readonly Change[] {
  const { subtype, name = '', def } = command;
  switch (subtype) {
    case 'AT_AddColumn':
    case 'AT_AlterColumnType':
    case 'AT_AddConstraint':
      return define(table, name, required(def));
    case 'AT_DropColumn':
      return [{ kind: 'dropColumn', table, column: name }];
    case 'AT_SetNotNull':
      return [{ kind: 'setNotNull', table, column: name }];
    case 'AT_DropNotNull':
      return [{ kind: 'dropNotNull', table, column: name }];
    case 'AT_ColumnDefault':
      return [{ kind: def === undefined ? 'dropDefault' : 'setDefault', table, column: name }];
    case 'AT_DropConstraint':
      return [{ kind: 'dropConstraint', table, name }];
    case 'AT_ValidateConstraint':
      return [{ kind: 'validateConstraint', table }];
    default:
      return [unknown(`alter table, ${subtype}`)];
  }
}

/** A new column, a constraint, or (with the column's name beside the definition) a new type. */
function define(table: string, name: string, node: Node): readonly Change[] {
  if ('Constraint' in node) {
    const constraints = constraintsOf(node.Constraint, []);
    if (constraints.length === 0) return [unknown(`constraint ${node.Constraint.contype}`)];
    return constraints.map((constraint) => ({ kind: 'addConstraint', table, constraint }));
  }
  assert('ColumnDef' in node);
  const definition = node.ColumnDef;
  if (definition.colname === undefined) {
    const computed = definition.raw_default !== undefined;
    return [{ kind: 'alterType', table, column: name, type: columnType(definition), computed }];
  }
  return [{ kind: 'addColumn', table, column: definition.colname, definition: columnOf(definition) }];
}

function drop({ removeType, objects }: DropStmt): readonly Change[] {
  if (removeType === 'OBJECT_TABLE') return namesIn(objects).map((table) => ({ kind: 'dropTable', table }));
  if (removeType === 'OBJECT_INDEX') return namesIn(objects).map((index) => ({ kind: 'dropIndex', index }));
  return [unknown(`drop of ${removeType}`)];
}

function namesIn(objects: readonly Node[] | undefined): readonly string[] {
  return required(objects).map((node) => {
    assert('List' in node);
    return namesOf(node.List.items).join('.');
  });
}

/** Of a table, its columns, constraints, or indexes; the new name of a function or type cannot be judged. */
function rename({ relation, renameType }: RenameStmt): Change {
  if (relation === undefined) return unknown(`rename of ${renameType}`);
  return { kind: 'rename', table: tableName(relation) };
}

function createIndex({ relation, unique, concurrent, indexParams }: IndexStmt): Change {
  const columns = required(indexParams).flatMap((node) => {
    assert('IndexElem' in node);
    return node.IndexElem.name ?? [];
  });
  return {
    kind: 'createIndex',
    table: tableName(relation),
    unique: unique === true,
    online: concurrent === true,
    columns,
  };
}

function insert({ relation, selectStmt }: InsertStmt): Change {
  const isValues =
    selectStmt === undefined ||
    ('SelectStmt' in selectStmt && selectStmt.SelectStmt.valuesLists !== undefined);
  return { kind: 'insert', table: tableName(relation), fromQuery: !isValues };
}

function changeRows(statement: {
  readonly relation?: InsertStmt['relation'];
  readonly whereClause?: Node;
}): Change {
  const { relation, whereClause } = statement;
  return { kind: 'changeRows', table: tableName(relation), fixed: fixedColumns(whereClause) };
}

function unknown(what: string): Change {
  return { kind: 'unknown', what };
}
