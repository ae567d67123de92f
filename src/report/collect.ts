import type { KeyObject } from 'node:crypto';
import type { RunEvent } from '../plan/event.ts';
import type { JournalLine } from '../plan/journal.ts';
import type { JsonObject } from '../plan/plan.ts';
import { isProven } from '../plan/verify.ts';
import { checksIn, migrationEvidenceIn, observationsIn } from './evidence.ts';
import { numberIn, textIn, textsIn } from './fields.ts';
import { failureOf, lastStepOf, outcomeOf, releasesOf, servingOf } from './outcome.ts';
import { phasesOf } from './phases.ts';
import {
  type BackupFacts,
  type Figures,
  type MigrationFacts,
  type Observation,
  type Proof,
  REPORT_SCHEMA,
  type RunReport,
} from './types.ts';

export interface CollectInput {
  /** Of one run, in order; at least its `run-started`. */
  readonly lines: readonly JournalLine[];
  /** Whether the process of the run lives; it decides between `running` and `killed`. */
  readonly isRunning: boolean;
  /** Null when it is lost: then no line is proven. */
  readonly key: KeyObject | null;
}

/** Everything that is known about one run, from its lines alone. Pure: the same lines give the same report. */
export function collectReport({ lines, isRunning, key }: CollectInput): RunReport {
  const [first] = lines;
  const last = lines.at(-1);
  const start = lines.find(({ event }) => event.type === 'run-started')?.event;
  if (first === undefined || last === undefined || start?.type !== 'run-started')
    throw new TypeError('a report needs the beginning of its run');
  const done = lines.map(({ event }) => event).find((event) => event.type === 'run-done');
  const ended = lines.find(({ event }) => event.type === 'run-done');
  const phases = phasesOf(lines);
  const outcome = outcomeOf(done, { isRunning });
  const releases = releasesOf(lines, done);
  const failure = failureOf(lines, done);
  const evidence = evidenceOf(lines);
  const observations = observationsIn(evidence);
  return {
    kind: 'ompay-report',
    schema: REPORT_SCHEMA,
    run: first.run,
    command: start.command,
    title: start.title,
    by: first.by,
    input: start.input,
    startedAt: first.at,
    endedAt: ended?.at ?? null,
    lastSeenAt: last.at,
    durationMs: done?.durationMs ?? null,
    outcome,
    exitCode: done?.exitCode ?? null,
    summary: done?.summary ?? null,
    failure,
    stoppedAt: done === undefined ? lastStepOf(phases) : null,
    releases,
    serving: servingOf({ command: start.command, outcome, releases, phases, failure }),
    figures: figuresOf(lines, observations),
    phases,
    checks: checksIn(evidence),
    observations,
    backup: backupOf(lines),
    migrations: migrationsOf(lines),
    notes: lines.flatMap(({ at, event }) => (event.type === 'note' ? [{ at, text: event.text }] : [])),
    proof: proofOf(lines, key),
  };
}

function evidenceOf(lines: readonly JournalLine[]): Extract<RunEvent, { readonly type: 'evidence' }>[] {
  return lines.map(({ event }) => event).filter((event) => event.type === 'evidence');
}

/** The outputs of all steps as one: a name means the same in each of them. */
function outputsOf(lines: readonly JournalLine[]): JsonObject {
  const outputs = lines.map(({ event }) => (event.type === 'step-done' ? event.output : {}));
  return Object.assign({}, ...outputs);
}

/** A watch that failed has no output; what it saw is in its evidence. */
function figuresOf(lines: readonly JournalLine[], observations: readonly Observation[]): Figures {
  const outputs = outputsOf(lines);
  const seen = observations.at(-1)?.after;
  return {
    requests: numberIn(outputs.requests) ?? seen?.requests ?? null,
    failedRequests: numberIn(outputs.failedRequests) ?? seen?.failed ?? null,
    switchMicroseconds: numberIn(outputs.switchMicroseconds),
    drainMs: numberIn(outputs.drainMs),
  };
}

function backupOf(lines: readonly JournalLine[]): BackupFacts | null {
  const made = lines
    .map(({ event }) => (event.type === 'step-done' ? event.output : {}))
    .filter((output) => textIn(output.backup) !== null);
  const facts: JsonObject = Object.assign({}, ...made);
  const id = textIn(facts.backup);
  if (id === null) return null;
  return {
    id,
    method: textIn(facts.method),
    sizeBytes: numberIn(facts.sizeBytes),
    checks: numberIn(facts.checks),
    captureMs: numberIn(facts.captureMs),
    readBackMs: numberIn(facts.readBackMs),
    startMs: numberIn(facts.startMs),
    proveMs: numberIn(facts.proveMs),
  };
}

function migrationsOf(lines: readonly JournalLine[]): MigrationFacts {
  const { applied } = outputsOf(lines);
  return {
    applied: applied === undefined ? null : textsIn(applied),
    evidence: migrationEvidenceIn(evidenceOf(lines)),
  };
}

function proofOf(lines: readonly JournalLine[], key: KeyObject | null): Proof {
  const last = lines.at(-1);
  return {
    firstSeq: lines[0]?.seq ?? 0,
    lastSeq: last?.seq ?? 0,
    lines: lines.length,
    lastHash: last?.hash ?? '',
    brokenSeqs: lines.filter((line) => key === null || !isProven(line, key)).map(({ seq }) => seq),
  };
}
