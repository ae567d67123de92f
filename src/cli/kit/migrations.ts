import { MIGRATIONS } from '../../api/migrations/index.ts';
import {
  assertBearable,
  type LintReport,
  lintMigrations,
  shortened,
} from '../../api/migrations/lint/lint.ts';
import { migrateUp, migrationStatus } from '../../api/migrations/runner.ts';
import { OmpayError } from '../../core/errors.ts';
import { shownDuration } from '../../core/units.ts';
import type { Platform } from '../../deploy/handlers/platform.ts';
import type { SuiteResult } from '../../deploy/handlers/rehearsal.ts';
import type { LocalFacts, Release } from '../../deploy/types.ts';
import type { HandlerContext, Handlers } from '../../plan/act.ts';
import type { JsonObject } from '../../plan/plan.ts';
import type { Invocation } from '../command.ts';
import { type ApiKit, withApi } from './api.ts';
import { rehearse } from './rehearsal.ts';
import { smokeHandlers } from './smoke.ts';

export interface MigrationParts {
  readonly invocation: Invocation;
  readonly run: string;
  readonly facts: () => Promise<LocalFacts>;
  /** The release of this source; it is stored by the time that it is rehearsed. */
  readonly candidate: () => Promise<Release>;
  readonly platform: () => Promise<Platform>;
}

/** What one run remembers from step to step. */
interface RunMemory {
  /** Empty until `migrate.lint` has looked. */
  from: string;
  report: LintReport;
  suites: SuiteResult[];
  applied: readonly string[];
}

const NOTHING_MISSING = { shown: 'nothing is missing' };

/**
 * `migrate.lint`, `migrate.rehearse`, `migrate.up` and `smoke.live`, in this order: the expand steps that are missing are
 * judged, tried on a copy beside both releases, applied, and the live release is proven on them.
 */
export function migrationHandlers(parts: MigrationParts): Handlers {
  const memory: RunMemory = { from: '', report: { statements: [], findings: [] }, suites: [], applied: [] };
  const { layout, clock } = parts.invocation;
  return {
    'migrate.lint': async (_input, context) => lint(parts, memory, context),
    'migrate.rehearse': async (_input, context) => tryOnCopy(parts, memory, context),
    'migrate.up': async () => {
      const applied = await withApi(layout, clock, ({ database }) => migrateUp(database, MIGRATIONS, clock));
      memory.applied = applied;
      return {
        applied: [...applied],
        ...(applied.length === 0 ? NOTHING_MISSING : { shown: applied.join(', ') }),
      };
    },
    'smoke.live': async (_input, context) => smokeLive(parts, memory, context),
  };
}

async function lint(
  { invocation }: MigrationParts,
  memory: RunMemory,
  context: HandlerContext,
): Promise<JsonObject> {
  const { layout, clock } = invocation;
  const { pending, from, report } = await withApi(layout, clock, judgeMissing);
  Object.assign(memory, { from, report });
  if (pending.length === 0) return NOTHING_MISSING;
  try {
    assertBearable(report.findings);
  } catch (error) {
    context.evidence('migration', evidenceOf(memory));
    throw error;
  }
  const accepted = report.findings.filter((finding) => finding.accepted !== null).length;
  const shown = `${pending.join(', ')}: ${report.statements.length} statements${accepted === 0 ? '' : `, ${accepted} findings accepted`}`;
  return { pending: [...pending], shown };
}

/** The missing migrations, judged with the sizes of the tables that they meet. */
export async function judgeMissing({ database }: Pick<ApiKit, 'database'>) {
  const { applied, pending } = await migrationStatus(database, MIGRATIONS);
  const { dialect, kysely } = database;
  const rows = await dialect.estimateRows(kysely);
  const report = await lintMigrations(MIGRATIONS, { only: pending, rows, family: dialect.family });
  const from = applied.findLast(({ phase }) => phase === 'expand')?.id ?? '';
  return { pending, from, report };
}

async function tryOnCopy(
  { invocation, run, facts, candidate, platform }: MigrationParts,
  memory: RunMemory,
  context: HandlerContext,
): Promise<JsonObject> {
  if (memory.report.statements.length === 0) return NOTHING_MISSING;
  const { live, slots, releases } = await facts();
  const liveId = live === null ? null : slots[live].release;
  const liveRelease = releases.find(({ id }) => id === liveId);
  if (liveRelease === undefined) {
    context.evidence('migration', evidenceOf(memory));
    return { shown: 'no release is live: nobody has to bear it' };
  }
  const startedMs = context.clock.monotonicMs();
  const request = {
    run,
    platform: await platform(),
    live: liveRelease,
    next: await candidate(),
    onSuite: (result: SuiteResult) => memory.suites.push(result),
  };
  try {
    const { backup } = await rehearse(invocation, request, context);
    const took = shownDuration(context.clock.monotonicMs() - startedMs);
    return { backup, shown: `${shownSuites(memory.suites)}, on backup ${backup}, in ${took}` };
  } finally {
    context.evidence('migration', evidenceOf(memory));
  }
}

function shownSuites(suites: readonly SuiteResult[]): string {
  const shown = ({ release, checks }: SuiteResult): string =>
    checks === 0
      ? `${release} carries no contract, judged by the other's`
      : `${release} kept ${checks} promises`;
  return suites.map(shown).join(', ');
}

/** What reports show of it: at most 100 statements, each on one line. */
function evidenceOf({ from, report, suites }: RunMemory): JsonObject {
  return {
    from,
    to: MIGRATIONS.at(-1)?.id ?? '',
    statements: report.statements.slice(0, MOST_SHOWN).map(({ migration, phase, statement }) => ({
      migration,
      phase,
      statement: shortened(statement),
    })),
    findings: report.findings.slice(0, MOST_SHOWN).map((finding) => ({
      ...finding,
      statement: shortened(finding.statement),
    })),
    suites: suites.map((suite) => ({ ...suite })),
  };
}

const MOST_SHOWN = 100;

/** The live release has not been touched, but its schema has. */
async function smokeLive(
  { invocation, run, facts }: MigrationParts,
  { applied }: RunMemory,
  context: HandlerContext,
): Promise<JsonObject> {
  if (applied.length === 0) return NOTHING_MISSING;
  const { live } = await facts();
  if (live === null) return { shown: 'no release is live' };
  const { layout, clock } = invocation;
  // The smoke test of the next slot has idempotency keys of its own.
  const smoke = smokeHandlers({ layout, clock, run: `${run}-live` })['smoke.run'];
  if (smoke === undefined) throw new TypeError('there is no smoke test');
  try {
    return await smoke({ slot: live }, context);
  } catch (error) {
    context.signal.throwIfAborted();
    throw notBorne(error, applied);
  }
}

function notBorne(error: unknown, applied: readonly string[]): OmpayError {
  const said = error instanceof Error ? error.message : String(error);
  return new OmpayError(
    'notRolledBack',
    `migrations ${applied.join(', ')} are applied, and the live release is not well on them: ${said}`,
    {
      hint: 'nothing was switched; read what it says: ompay logs; the data before: ompay backup list',
      cause: error,
    },
  );
}
