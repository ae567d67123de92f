import { OmpayError } from '../../../core/errors.ts';
import type { Acceptance, Migration } from '../kit.ts';
import { type Circumstances, judge, type Verdict } from './judge.ts';
import { changed, EMPTY_SCHEMA, type SchemaModel } from './model.ts';
import { type Phase, type Recorded, record } from './record.ts';
import { RULES, type RuleId } from './rules.ts';

/** A statement locks a table of more rows than this for too long: PostgreSQL reads about a million rows a second. */
export const LARGE_TABLE_ROWS = 100_000;

export interface LintOptions {
  /** Of these alone findings are given; the others only make the schema. All unless told. */
  readonly only?: readonly string[];
  /** About how many rows a table has; a table that is not in it counts as large. */
  readonly rows?: ReadonlyMap<string, number>;
  /** Whose ways of changing a table count; PostgreSQL's unless told. */
  readonly family?: Circumstances['family'];
}

export interface Finding extends Verdict {
  readonly migration: string;
  readonly phase: Phase;
  readonly rule: RuleId;
  readonly statement: string;
  /** Why the migration says that it is right here; null when it blocks. */
  readonly accepted: string | null;
}

export interface LintReport {
  /** Of the migrations asked for, in order. */
  readonly statements: readonly {
    readonly migration: string;
    readonly phase: Phase;
    readonly statement: string;
  }[];
  readonly findings: readonly Finding[];
}

/** Judges each migration against the schema that those before it make. Needs no database. */
export async function lintMigrations(
  list: readonly Migration[],
  options: LintOptions = {},
): Promise<LintReport> {
  const findings: Finding[] = [];
  const statements: { migration: string; phase: Phase; statement: string }[] = [];
  let schema: SchemaModel = EMPTY_SCHEMA;
  for (const migration of list) {
    const isAsked = options.only?.includes(migration.id) ?? true;
    const expanded = await record(migration, 'expand');
    const contracted = await record(migration, 'contract');
    const after = changed(schema, changesOf(expanded));
    if (isAsked) {
      findings.push(
        ...judged(migration, [
          ...phaseFindings(migration, 'expand', { recorded: expanded, schema, options }),
          ...phaseFindings(migration, 'contract', { recorded: contracted, schema: after, options }),
        ]),
      );
      const phases = { expand: expanded, contract: contracted };
      for (const phase of ['expand', 'contract'] as const) {
        for (const { statement } of phases[phase])
          statements.push({ migration: migration.id, phase, statement });
      }
    }
    schema = after;
  }
  return { statements, findings };
}

/** Those that keep the migration from being applied. */
export function blocking(findings: readonly Finding[], phase?: Phase): readonly Finding[] {
  return findings.filter(
    (finding) => finding.accepted === null && (phase ?? finding.phase) === finding.phase,
  );
}

/** Throws `checkBlocked` with the first finding that blocks: its rule, its statement, what to do instead. */
export function assertBearable(findings: readonly Finding[], phase: Phase = 'expand'): void {
  const [first, ...others] = blocking(findings, phase);
  if (first === undefined) return;
  const { why, instead } = RULES[first.rule];
  const more = others.length === 0 ? '' : `; and ${others.length} more`;
  throw new OmpayError(
    'checkBlocked',
    `migration ${first.migration} breaks the rule ${first.rule}: \`${shortened(first.statement)}\` (${first.detail || why})${more}`,
    { hint: `${instead}; see all: ompay migrate lint` },
  );
}

const MOST_STATEMENT_CHARACTERS = 300;

/** On one line, its end left out when it is long. */
export function shortened(statement: string): string {
  const line = statement.replace(/\s+/g, ' ').trim();
  return line.length > MOST_STATEMENT_CHARACTERS ? `${line.slice(0, MOST_STATEMENT_CHARACTERS)}…` : line;
}

function phaseFindings(
  { id }: Migration,
  phase: Phase,
  { recorded, schema, options }: { recorded: readonly Recorded[]; schema: SchemaModel; options: LintOptions },
): Omit<Finding, 'accepted'>[] {
  const circumstances = {
    before: schema,
    phase: changesOf(recorded),
    isLarge: (table: string) => (options.rows?.get(table) ?? Number.POSITIVE_INFINITY) > LARGE_TABLE_ROWS,
    family: options.family ?? 'postgresql',
  };
  const findings: Omit<Finding, 'accepted'>[] = [];
  let now = schema;
  for (const { statement, changes } of recorded) {
    for (const change of changes) {
      const verdicts = judge(change, { ...circumstances, now });
      const kept = verdicts.filter(({ rule }) => phase === 'expand' || RULES[rule].inContract);
      findings.push(...kept.map((verdict) => ({ ...verdict, migration: id, phase, statement })));
      now = changed(now, [change]);
    }
  }
  return findings;
}

function judged(
  { id, accepts = [] }: Migration,
  findings: readonly Omit<Finding, 'accepted'>[],
): readonly Finding[] {
  const fits = (finding: Verdict, { rule, table }: Acceptance): boolean =>
    finding.rule === rule && finding.table === table;
  const unused = accepts.filter((acceptance) => !findings.some((finding) => fits(finding, acceptance)));
  return [
    ...findings.map((finding) => ({
      ...finding,
      accepted: accepts.find((acceptance) => fits(finding, acceptance))?.reason ?? null,
    })),
    ...unused.map(({ rule, table }) => ({
      rule: 'unused-acceptance' as const,
      table,
      detail: `${rule} of ${table} is not found`,
      migration: id,
      phase: 'expand' as const,
      statement: 'accepts',
      accepted: null,
    })),
  ];
}

function changesOf(recorded: readonly Recorded[]) {
  return recorded.flatMap(({ changes }) => changes);
}
