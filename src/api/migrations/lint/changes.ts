/** One change of a schema or its rows, read from SQL: what the rules judge. Names are as PostgreSQL folds them. */
export type Change =
  | {
      readonly kind: 'createTable';
      readonly table: string;
      readonly columns: Readonly<Record<string, Column>>;
      readonly constraints: readonly Constraint[];
    }
  | { readonly kind: 'dropTable' | 'rename' | 'validateConstraint' | 'trigger'; readonly table: string }
  | {
      readonly kind: 'addColumn';
      readonly table: string;
      readonly column: string;
      readonly definition: Column;
    }
  | {
      readonly kind: 'dropColumn' | 'setNotNull' | 'dropNotNull' | 'setDefault' | 'dropDefault';
      readonly table: string;
      readonly column: string;
    }
  | {
      readonly kind: 'alterType';
      readonly table: string;
      readonly column: string;
      readonly type: ColumnType;
      /** `using …`: rows are worked out anew. */
      readonly computed: boolean;
    }
  | { readonly kind: 'addConstraint'; readonly table: string; readonly constraint: Constraint }
  | { readonly kind: 'dropConstraint'; readonly table: string; readonly name: string }
  | {
      readonly kind: 'createIndex';
      readonly table: string;
      readonly unique: boolean;
      /** Built while rows are written. */
      readonly online: boolean;
      readonly columns: readonly string[];
    }
  | { readonly kind: 'dropIndex'; readonly index: string }
  | {
      readonly kind: 'insert';
      readonly table: string;
      /** The rows come from a query, so their number is not known. */
      readonly fromQuery: boolean;
    }
  | {
      readonly kind: 'changeRows';
      readonly table: string;
      /** Columns that the condition compares with constants alone. */
      readonly fixed: readonly string[];
    }
  | { readonly kind: 'unknown'; readonly what: string };

export interface Column {
  readonly type: ColumnType;
  readonly notNull: boolean;
  /** `computed`: each row needs a value of its own, so every row is written. */
  readonly filled: 'no' | 'constant' | 'computed';
  readonly constraints: readonly Constraint[];
}

export interface ColumnType {
  /** PostgreSQL's own name, for example `varchar`, `int8`. */
  readonly name: string;
  /** In its parentheses; empty when there are none. */
  readonly sizes: readonly number[];
  /** Empty unless told. */
  readonly collation: string;
}

export interface Constraint {
  readonly kind: 'check' | 'unique' | 'primary' | 'foreign';
  /** Empty when it has none of its own. */
  readonly name: string;
  readonly columns: readonly string[];
  /** Of a check; else empty. */
  readonly condition: Condition;
  /** Rows that are there are looked at under a lock that keeps writers away. */
  readonly scans: boolean;
  /** Made of an index that is there already. */
  readonly fromIndex: boolean;
}

/** Alternatives, of which one must hold. */
export type Condition = readonly Alternative[];

export interface Alternative {
  /** The column whose values are listed, or the condition itself as a key. */
  readonly of: string;
  /** The values listed; empty for any other condition. */
  readonly values: readonly string[];
}
