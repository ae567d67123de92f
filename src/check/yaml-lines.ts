import { isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

/** A YAML document whose values know the lines that they were written on. */
export interface Located {
  readonly value: unknown;
  /** What YAML itself finds wrong (syntax, a key given twice), with its line; then there is no value. */
  readonly faults: readonly string[];
  /** From 1; of the nearest thing that is there. */
  lineAt(path: readonly (string | number)[]): number;
  valueAt(path: readonly (string | number)[]): unknown;
}

export function located(text: string): Located {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineOf = (offset: number): number => lines.linePos(offset).line;
  // No aliases: a few lines of them can describe gigabytes, and a checklist needs none.
  const faults = document.errors.map(({ message, pos }) => `line ${lineOf(pos[0])}: ${message}`);
  return {
    value: faults.length > 0 ? undefined : document.toJS({ maxAliasCount: 0 }),
    faults,
    lineAt: (path) => lineOf(offsetAt(document.contents, path)),
    valueAt: (path) => {
      const node: unknown = document.getIn(path, true);
      return isNode(node) ? node.toJS(document) : node;
    },
  };
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
