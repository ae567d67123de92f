import type { RunEvent } from '../plan/event.ts';
import type { JournalLine } from '../plan/journal.ts';
import type { JsonObject } from '../plan/plan.ts';
import { objectIn, textIn } from './fields.ts';
import { isReleasing } from './read.ts';
import type { Failure, KnownRelease, Outcome, Phase, ReportedStep, RunReport, StepName } from './types.ts';

type RunDone = Extract<RunEvent, { readonly type: 'run-done' }>;

const OUTCOME_BY_ERROR: Readonly<Record<string, Outcome>> = {
  checkBlocked: 'blocked',
  preflightFailed: 'blocked',
  lockHeld: 'busy',
  rolledBack: 'rolledBack',
  notRolledBack: 'notRolledBack',
  interrupted: 'interrupted',
};

export function outcomeOf(
  done: RunDone | undefined,
  { isRunning }: { readonly isRunning: boolean },
): Outcome {
  if (done === undefined) return isRunning ? 'running' : 'killed';
  const error = objectIn(done.data.error);
  if (error !== null) return OUTCOME_BY_ERROR[textIn(error.code) ?? ''] ?? 'failed';
  const wasLive = textIn(done.data.release) !== null && done.data.release === done.data.previous;
  if (wasLive) return 'unchanged';
  return done.exitCode === 0 ? 'done' : 'failed';
}

/** The error that ended the run, else that of the first step that failed. */
export function failureOf(lines: readonly JournalLine[], done: RunDone | undefined): Failure | null {
  const error = objectIn(done?.data.error);
  const failed = lines.find(({ event }) => event.type === 'step-failed')?.event;
  const inStep = failed?.type === 'step-failed' ? failed : undefined;
  const step = inStep === undefined ? null : nameOf(lines, inStep);
  // A run that goes on, or was killed, has told no error of its own.
  if (error === null)
    return done === undefined && inStep !== undefined ? { step, error: inStep.error } : null;
  return {
    step,
    error: {
      code: textIn(error.code) ?? '?',
      message: textIn(error.message) ?? '?',
      hint: textIn(error.hint) ?? '',
    },
  };
}

/** The last step that was begun: in it, or right after it, a run without an end stopped. */
export function lastStepOf(phases: readonly Phase[]): StepName | null {
  const phase = phases.findLast(({ steps }) => steps.some(isBegun));
  const step = phase?.steps.findLast(isBegun);
  if (phase === undefined || step === undefined) return null;
  return { plan: phase.plan, step: step.step, title: step.title };
}

function isBegun({ state }: ReportedStep): boolean {
  return state !== 'notRun' && state !== 'skipped';
}

function nameOf(lines: readonly JournalLine[], { plan, step }: Omit<StepName, 'title'>): StepName {
  const started = lines.find(
    ({ event }) => event.type === 'step-started' && event.plan === plan && event.step === step,
  )?.event;
  return { plan, step, title: started?.type === 'step-started' ? started.title : step };
}

const UNKNOWN: KnownRelease = { state: 'unknown' };

/**
 * The releases that the run went from and to. A note with `data.releases` tells both at the beginning of a deploy, so
 * that a run which is killed later is told rightly; the end of the run tells their ids again.
 */
export function releasesOf(lines: readonly JournalLine[], done: RunDone | undefined): RunReport['releases'] {
  const told = lines.map(({ event }) => (event.type === 'note' ? objectIn(event.data.releases) : null));
  const releases = told.find((each) => each !== null);
  if (releases !== undefined) return { from: manifestIn(releases.from), to: manifestIn(releases.to) };
  const from = done?.data.previous;
  return {
    from: from === null ? { state: 'none' } : releaseNamed(textIn(from)),
    to: releaseNamed(textIn(done?.data.release) ?? chosenIn(lines)),
  };
}

function manifestIn(value: JsonObject[string] | undefined): KnownRelease {
  if (value === null) return { state: 'none' };
  const manifest = objectIn(value);
  const id = textIn(manifest?.id);
  if (manifest === null || id === null) return UNKNOWN;
  return { state: 'release', id, version: textIn(manifest.version), commit: textIn(manifest.commit) };
}

function releaseNamed(id: string | null): KnownRelease {
  return id === null ? UNKNOWN : { state: 'release', id, version: null, commit: null };
}

/** What a rollback was asked for, or what a deploy built. */
function chosenIn(lines: readonly JournalLine[]): string | null {
  for (const { event } of lines) {
    const from =
      event.type === 'run-started' ? event.input : event.type === 'step-done' ? event.output : undefined;
    const id = textIn(from?.release);
    if (id !== null) return id;
  }
  return null;
}

/** What clients get since the run's end, as far as its own lines prove it. */
export function servingOf(
  report: Pick<RunReport, 'command' | 'outcome' | 'releases' | 'phases' | 'failure'>,
): KnownRelease | null {
  const { from, to } = report.releases;
  if (!isReleasing(report.command)) return null;
  if (report.outcome === 'done' || report.outcome === 'unchanged') return to;
  // Another run decides then.
  if (['busy', 'running'].includes(report.outcome) || report.failure?.error.code === 'lockLost')
    return UNKNOWN;
  const phase = report.phases.findLast(hasTouchedClients);
  if (phase === undefined) return from;
  if (phase.state === 'done') return to;
  const isBack = phase.undos.some(({ step, state }) => step === 'switch' && state === 'done');
  return phase.state === 'failed' && isBack ? from : UNKNOWN;
}

/** Whether the phase switched, or watches what an earlier run switched. */
export function hasTouchedClients({ plan, steps }: Phase): boolean {
  // `resume` watches what an earlier run made live, and may put it back.
  if (plan === 'resume') return true;
  return steps.some((step) => step.step === 'switch' && isBegun(step));
}
