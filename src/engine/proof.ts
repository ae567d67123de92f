import { type JsonReader, readJson } from '../core/json.ts';

/**
 * A question whose answer proves something of a copy, as plain data: one SELECT, without a final semicolon, giving
 * exactly one row. What the answer must be:
 * - `zero`: every column is 0 on the copy (counts of what must not exist, sums that must balance).
 * - `grows`: whole numbers that never get smaller at the source (rows of append-only tables, sequences): the copy's lie
 *   between the source's before and after the capture.
 * - `same`: the copy's row is the source's.
 * - `kept`: the source's row, as $1, $2 … of `check` on the copy, gives a row of zeros: a recorded place in history is
 *   still there.
 * - `noted`: only recorded.
 */
export type ProofQuery =
  | { readonly name: string; readonly sql: string; readonly expect: 'zero' | 'grows' | 'same' | 'noted' }
  | { readonly name: string; readonly sql: string; readonly expect: 'kept'; readonly check: string };

/** Column name -> value as PostgreSQL prints it; NULL is ''. */
export type FactRow = Readonly<Record<string, string>>;

export interface Fact {
  /** The table or column does not exist: a database before its first migration. */
  readonly isAbsent: boolean;
  readonly row: FactRow;
}

/** By the query's name. */
export type Facts = Readonly<Record<string, Fact>>;

/** What the source answered just before and just after the moment that the copy shows. */
export interface SourceFacts {
  readonly before: Facts;
  readonly after: Facts;
}

/** Where questions are asked: a running database. */
export interface QuerySession {
  /** How many questions it answers side by side; one when it does not say. */
  readonly atOnce?: number;
  /** Undefined when a table or column of the statement does not exist. Throws `databaseUnavailable`. */
  rows(sql: string, parameters?: readonly string[]): Promise<readonly FactRow[] | undefined>;
}

export interface ProofCheck {
  readonly name: string;
  readonly expect: ProofQuery['expect'];
  readonly verdict: 'pass' | 'fail' | 'absent';
  /** Empty unless it failed. */
  readonly why: string;
  readonly copy: FactRow;
}

export interface Proof {
  readonly isProven: boolean;
  readonly checks: readonly ProofCheck[];
}

/**
 * Asks the source. `zero` is asked only whether it can be asked: the sum of a large table would hold up a database
 * with a single backend, and the copy is the same data.
 */
export async function readFacts(session: QuerySession, queries: readonly ProofQuery[]): Promise<Facts> {
  const facts: Record<string, Fact> = {};
  for (const query of queries) {
    // Not `where false`: MySQL computes a derived table of one row while it plans.
    const rows = await session.rows(query.expect === 'zero' ? `explain ${query.sql}` : query.sql);
    const row = query.expect === 'zero' ? undefined : rows?.[0];
    facts[query.name] = { isAbsent: rows === undefined, row: row ?? {} };
  }
  return facts;
}

/** Asks a copy and judges its answers. `source` is null when the source could not be asked (a cold copy). */
export async function proveCopy(
  session: QuerySession,
  queries: readonly ProofQuery[],
  source: SourceFacts | null,
): Promise<Proof> {
  const checks: ProofCheck[] = [];
  const open = queries.entries();
  const ask = async (): Promise<void> => {
    for (const [index, query] of open) checks[index] = await proveOne(session, query, source);
  };
  await Promise.all(Array.from({ length: session.atOnce ?? 1 }, ask));
  return { isProven: checks.every(({ verdict }) => verdict !== 'fail'), checks };
}

async function proveOne(
  session: QuerySession,
  query: ProofQuery,
  source: SourceFacts | null,
): Promise<ProofCheck> {
  const before = source?.before[query.name];
  const after = source?.after[query.name];
  const rows = await session.rows(query.sql);
  const base = { name: query.name, expect: query.expect, copy: rows?.[0] ?? {} };
  if (rows === undefined) {
    const wasThere = before !== undefined && !before.isAbsent;
    return wasThere
      ? { ...base, verdict: 'fail', why: 'the source had this table, the copy has not' }
      : { ...base, verdict: 'absent', why: '' };
  }
  if (rows.length !== 1) return { ...base, verdict: 'fail', why: `${rows.length} rows instead of one` };
  const why = await judge(session, query, { copy: base.copy, before: before?.row, after: after?.row });
  return { ...base, verdict: why === '' ? 'pass' : 'fail', why };
}

interface Answers {
  readonly copy: FactRow;
  readonly before: FactRow | undefined;
  readonly after: FactRow | undefined;
}

/** Empty when the answer is right, else what is wrong. */
async function judge(session: QuerySession, query: ProofQuery, answers: Answers): Promise<string> {
  switch (query.expect) {
    case 'zero':
      return zeroProblem(answers.copy);
    case 'grows':
      return growthProblem(answers);
    case 'same':
      return sameProblem(answers);
    case 'kept': {
      const recorded = Object.values(answers.before ?? answers.copy);
      const rows = await session.rows(query.check, recorded);
      if (rows?.[0] === undefined) return 'the check gave no row';
      return zeroProblem(rows[0]) === '' ? '' : `${recorded.join(', ')} of the source is not in the copy`;
    }
    case 'noted':
      return '';
  }
}

function zeroProblem(row: FactRow): string {
  const wrong = Object.entries(row).filter(([, value]) => Number(value) !== 0 || value === '');
  return wrong.map(([column, value]) => `${column} is ${value === '' ? 'NULL' : value}, not 0`).join('; ');
}

function growthProblem({ copy, before, after }: Answers): string {
  if (before === undefined || after === undefined) return '';
  for (const [column, value] of Object.entries(copy)) {
    const least = before[column] ?? '';
    const most = after[column] ?? '';
    // BigInt('') is 0: the greatest of no rows.
    if (BigInt(value) < BigInt(least) || BigInt(value) > BigInt(most)) {
      return `${column} is ${value}; the source had ${least} before the capture and ${most} after it`;
    }
  }
  return '';
}

function sameProblem({ copy, before, after }: Answers): string {
  if (before === undefined || after === undefined) return '';
  const seen = JSON.stringify(copy);
  if (seen === JSON.stringify(before) || seen === JSON.stringify(after)) return '';
  return `${seen} is not the source's ${JSON.stringify(after)}`;
}

/** What proof.json holds: enough to prove another restore of the same backup later. */
export interface ProofDocument extends Proof {
  readonly backup: string;
  readonly at: string;
  readonly facts: SourceFacts | null;
  /** Wall time of the parts, milliseconds. */
  readonly fetchMs: number;
  readonly startMs: number;
  readonly proveMs: number;
}

export function encodeProof(document: ProofDocument): Uint8Array {
  return Buffer.from(`${JSON.stringify({ version: 1, ...document }, null, 2)}\n`);
}

/** The source's facts of a proof.json. Throws `backupDamaged`. */
export function decodeFacts(bytes: Uint8Array, what: string): SourceFacts | null {
  const json = readJson(bytes, {
    what,
    code: 'backupDamaged',
    hint: 'restore it from another copy, or choose another backup: ompay backup list',
  });
  const facts = json.objectOrNull('facts');
  return facts === null ? null : { before: readFactsOf(facts, 'before'), after: readFactsOf(facts, 'after') };
}

function readFactsOf(json: JsonReader, name: string): Facts {
  return json.record(name, (fact) => ({ isAbsent: fact.flag('isAbsent'), row: fact.texts('row') }));
}
