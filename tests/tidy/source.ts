import { type ESTree, parseSync, Visitor } from 'vite';

/** What the rules look at in one file. Lines count from 1. */
export interface SourceFile {
  /** From the repository's root: `src/plan/run.ts`. */
  readonly path: string;
  readonly lineCount: number;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionSpan[];
  /** Calls and members that rules know by name: `process.env`, `Date.now`, `new Date()`, `setTimeout`, `it.only` … */
  readonly uses: readonly Use[];
  /** Text of string literals that name a TypeScript file: how processes and bundles name their entries. */
  readonly namedFiles: readonly Use[];
  readonly comments: readonly Use[];
  /** Lines of statements that do something when the file is imported. */
  readonly effects: readonly number[];
}

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Read together with the file: not a type alone, and not by `import()`. */
  readonly isEager: boolean;
}

export interface Use {
  readonly name: string;
  readonly line: number;
}

export interface FunctionSpan {
  readonly name: string;
  readonly line: number;
  readonly lineCount: number;
}

/** Reads one TypeScript file. Throws when it does not parse. */
export function readSource(path: string, text: string): SourceFile {
  const { program, module, comments, errors } = parseSync(path, text, { lang: 'ts' });
  if (errors[0] !== undefined) throw new Error(`${path} does not parse: ${errors[0].message}`);
  const lineAt = lineFinder(text);
  const requests = [
    ...module.staticImports.map(({ moduleRequest, entries }) => ({
      ...moduleRequest,
      isEager: entries.length === 0 || entries.some(({ isType }) => !isType),
    })),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest, isType }) =>
        moduleRequest === null ? [] : [{ ...moduleRequest, isEager: !isType }],
      ),
    ),
  ];
  const imports = requests.map(({ value, start, isEager }) => ({
    specifier: value,
    line: lineAt(start),
    isEager,
  }));
  const found = visited(program, lineAt);
  return {
    path,
    lineCount: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    ...found,
    imports: [...imports, ...found.imports],
    comments: comments.map((comment) => ({ name: comment.value, line: lineAt(comment.start) })),
    effects: program.body.filter(isEffect).map((node) => lineAt(node.start)),
  };
}

type LineAt = (offset: number) => number;

function lineFinder(text: string): LineAt {
  const starts = [0];
  for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1))
    starts.push(index + 1);
  return (offset) => {
    const after = starts.findIndex((start) => start > offset);
    return after === -1 ? starts.length : after;
  };
}

type Found = Pick<SourceFile, 'functions' | 'uses' | 'namedFiles' | 'imports'>;

function visited(program: ESTree.Program, lineAt: LineAt): Found {
  const functions: FunctionSpan[] = [];
  const uses: Use[] = [];
  const namedFiles: Use[] = [];
  const imports: Import[] = [];
  const use = (name: string, node: ESTree.Span): void => {
    uses.push({ name, line: lineAt(node.start) });
  };
  const span = (node: ESTree.Function | ESTree.ArrowFunctionExpression): void => {
    const line = lineAt(node.start);
    const name = 'id' in node && node.id !== null ? node.id.name : 'a function';
    functions.push({ name, line, lineCount: lineAt(node.end) - line + 1 });
  };
  new Visitor({
    FunctionDeclaration: span,
    FunctionExpression: span,
    ArrowFunctionExpression: span,
    ImportExpression: (node) => {
      const specifier = node.source.type === 'Literal' ? String(node.source.value) : '(computed)';
      imports.push({ specifier, line: lineAt(node.start), isEager: false });
    },
    TSImportType: (node) =>
      imports.push({ specifier: node.source.value, line: lineAt(node.start), isEager: false }),
    MemberExpression: (node) => use(memberName(node), node),
    CallExpression: (node) => {
      if (node.callee.type === 'Identifier') use(`${node.callee.name}()`, node);
    },
    NewExpression: (node) => {
      if (node.callee.type === 'Identifier')
        use(`new ${node.callee.name}(${node.arguments.length === 0 ? '' : '…'})`, node);
    },
    TSAnyKeyword: (node) => use('any', node),
    TSNonNullExpression: (node) => use('a non-null !', node),
    TSAsExpression: (node) => {
      if (!isConst(node.typeAnnotation)) use('as', node);
    },
    TSTypeAssertion: (node) => use('as', node),
    Literal: (node) => {
      if (typeof node.value === 'string' && /^[\w./-]+\.ts$/.test(node.value)) {
        namedFiles.push({ name: node.value, line: lineAt(node.start) });
      }
    },
  }).visit(program);
  return { functions, uses, namedFiles, imports };
}

function isConst(type: ESTree.TSType): boolean {
  return (
    type.type === 'TSTypeReference' && type.typeName.type === 'Identifier' && type.typeName.name === 'const'
  );
}

/** `process.env`, `it.only`, `test.each.only` … the last two names of a chain. */
function memberName(node: ESTree.MemberExpression): string {
  const property = node.property.type === 'Identifier' ? node.property.name : '(computed)';
  const object = node.object.type === 'Identifier' ? node.object.name : '(expression)';
  return `${object}.${property}`;
}

const QUIET_STATEMENTS = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ExportDefaultDeclaration',
  'FunctionDeclaration',
  'ClassDeclaration',
  'VariableDeclaration',
  'TSTypeAliasDeclaration',
  'TSInterfaceDeclaration',
  'TSModuleDeclaration',
]);

function isEffect(node: ESTree.Directive | ESTree.Statement): boolean {
  return !QUIET_STATEMENTS.has(node.type);
}
