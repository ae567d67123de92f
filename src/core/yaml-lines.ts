import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A YAML document whose values know the lines that they were written on. */
export interface Located {
  readonly value: unknown;
  /** What YAML itself finds wrong (syntax, a key given twice), with its line; then there is no value. */
  readonly faults: readonly string[];
  /** From 1; of the nearest thing that is there. */
  lineAt(path: readonly (string | number)[]): number;
  /** The same with the column, which is from 1 too. */
  positionAt(path: readonly (string | number)[]): Position;
  valueAt(path: readonly (string | number)[]): unknown;
}

export function located(text: string): Located {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineOf = (offset: number): number => lines.linePos(offset).line;
  const broken = document.errors.map(({ message, pos }) => `line ${lineOf(pos[0])}: ${message}`);
  const aliases = aliasesIn(document).map(
    (offset) => `line ${lineOf(offset)}: an alias, which is not allowed`,
  );
  const faults = [...broken, ...aliases];
  return {
    value: faults.length > 0 ? undefined : document.toJS(),
    faults,
    lineAt: (path) => lineOf(offsetAt(document.contents, path)),
    positionAt: (path) => {
      const { line, col } = lines.linePos(offsetAt(document.contents, path));
      return { line, column: col };
    },
    valueAt: (path) => {
      const node: unknown = document.getIn(path, true);
      return isNode(node) ? node.toJS(document) : node;
    },
  };
}

/** A few lines of aliases can describe gigabytes, and none of these files needs one. */
function aliasesIn(document: Document.Parsed): readonly number[] {
  const offsets: number[] = [];
  visit(document, {
    Alias: (_key, { range }) => {
      offsets.push(range?.[0] ?? 0);
    },
  });
  return offsets;
}

/** Where the key of a mapping's value stands, or an item of a sequence. */
function offsetAt(root: Node | null, path: readonly (string | number)[]): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) return offset;
      offset = rangeOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      offset = rangeOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

function rangeOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
