/** What a dump says of itself. */
export interface DumpContent {
  /** Of the server that was dumped; empty when it is not said. */
  readonly serverVersion: string;
  /** The last thing that the program writes. */
  readonly isComplete: boolean;
  /** By table, those without rows too. */
  readonly rows: ReadonlyMap<string, number>;
}

const VERSION = /^-- (?:Server version\s+|Dumped from database version )(\S+)/;
const COMPLETE = /^-- (?:Dump completed|PostgreSQL database dump complete)/;
const TABLE = /^CREATE TABLE (?:`([^`]+)`|(?:"?[^".]+"?\.)?"?([^" ]+)"?) \(/;
const COPY = /^COPY (?:"?[^".]+"?\.)?"?([^" ]+)"? .*FROM stdin;$/;
const INSERT = /^INSERT INTO `([^`]+)` (?:\([^)]*\) )?VALUES/;
/** Between two of these mysqldump writes the text of triggers and routines, whose lines are anything. */
const DELIMITER = /^DELIMITER (\S+)$/;
const [QUOTE, BACKSLASH, PARENTHESIS] = [0x27, 0x5c, 0x28];

/**
 * Reads the text of mysqldump, mariadb-dump and pg_dump: each writes a row's line breaks escaped, so a line is either
 * of data or of the program's own. Memory: a line.
 */
export async function scanDump(bytes: AsyncIterable<Uint8Array>): Promise<DumpContent> {
  const rows = new Map<string, number>();
  const seen = { serverVersion: '', isComplete: false };
  /** The table whose rows the next lines are. */
  let copied: string | undefined;
  let inserted: string | undefined;
  let isProgram = false;
  const add = (table: string, count: number): void => void rows.set(table, (rows.get(table) ?? 0) + count);
  for await (const line of linesOf(bytes)) {
    if (copied !== undefined) {
      if (line === '\\.') copied = undefined;
      else add(copied, 1);
      continue;
    }
    const delimiter = DELIMITER.exec(line)?.[1];
    if (delimiter !== undefined) isProgram = delimiter !== ';';
    if (isProgram) continue;
    const insert = INSERT.exec(line);
    inserted = insert?.[1] ?? inserted;
    if (inserted !== undefined) {
      add(inserted, rowsIn(line, insert?.[0].length ?? 0));
      if (line.endsWith(';')) inserted = undefined;
      continue;
    }
    copied = COPY.exec(line)?.[1];
    const table = TABLE.exec(line);
    const name = copied ?? table?.[1] ?? table?.[2];
    if (name !== undefined) add(name, 0);
    seen.serverVersion = VERSION.exec(line)?.[1] ?? seen.serverVersion;
    if (COMPLETE.test(line)) seen.isComplete = true;
  }
  return { ...seen, rows };
}

/** A row begins with a parenthesis that is in no string. By hand: a line has up to 64 MB, and may be cut anywhere. */
function rowsIn(line: string, from: number): number {
  let count = 0;
  let isString = false;
  for (let at = from; at < line.length; at += 1) {
    const code = line.charCodeAt(at);
    if (code === BACKSLASH && isString) at += 1;
    else if (code === QUOTE) isString = !isString;
    else if (code === PARENTHESIS && !isString) count += 1;
  }
  return count;
}

async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: string[] = [];
  for await (const chunk of bytes) {
    // Names and marks are ASCII; what rows hold is only counted.
    const [first = '', ...more] = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
      .toString('latin1')
      .split('\n');
    rest.push(first);
    for (const line of more) {
      yield rest.join('');
      rest = [line];
    }
  }
  const last = rest.join('');
  if (last !== '') yield last;
}
