import type { JournalLine } from '../plan/journal.ts';
import { textIn } from './fields.ts';
import type { Phase, ReportedStep, Undo } from './types.ts';

/** The run's plans in the order in which they began, each with its steps and what was undone. */
export function phasesOf(lines: readonly JournalLine[]): Phase[] {
  const startMs = Date.parse(lines[0]?.at ?? '');
  const open: OpenPhase[] = [];
  for (const { at, event } of lines) {
    const atMs = Date.parse(at) - startMs;
    if (event.type === 'plan-started') {
      open.push({ ...event, startMs: atMs, state: 'open', durationMs: null, begun: new Map(), undone: [] });
      continue;
    }
    if (!('plan' in event)) continue;
    const phase = open.findLast((each) => each.plan === event.plan);
    if (phase !== undefined) advance(phase, event, atMs);
  }
  return open.map(phaseOf);
}

interface OpenPhase extends Pick<Phase, 'plan' | 'title'> {
  readonly steps: readonly { readonly step: string; readonly title: string }[];
  readonly startMs: number;
  state: Phase['state'];
  durationMs: number | null;
  readonly begun: Map<string, ReportedStep>;
  readonly undone: (Undo & { readonly startMs: number })[];
}

type PlanEvent = Exclude<
  Extract<JournalLine['event'], { readonly plan: string }>,
  { readonly type: 'plan-started' }
>;

function advance(phase: OpenPhase, event: PlanEvent, atMs: number): void {
  switch (event.type) {
    case 'plan-done':
    case 'plan-failed':
      phase.state = event.type === 'plan-done' ? 'done' : 'failed';
      phase.durationMs = event.durationMs;
      return;
    case 'undo-started':
    case 'undo-done':
    case 'undo-failed':
      advanceUndo(phase, event, atMs);
      return;
    case 'evidence':
      return;
    default:
      phase.begun.set(event.step, stepAfter(event, phase.begun.get(event.step), atMs));
  }
}

function stepAfter(
  event: Exclude<PlanEvent, { readonly type: `plan-${string}` | `undo-${string}` | 'evidence' }>,
  before: ReportedStep | undefined,
  atMs: number,
): ReportedStep {
  const step = before ?? stepNotRun(event.step, event.step);
  switch (event.type) {
    case 'step-started':
      return { ...step, title: event.title, state: 'open', startMs: atMs };
    case 'step-skipped':
      return { ...step, state: 'skipped' };
    case 'step-done':
      return { ...step, state: 'done', durationMs: event.durationMs, shown: textIn(event.output.shown) };
    case 'step-failed':
      return { ...step, state: 'failed', durationMs: event.durationMs, error: event.error };
  }
}

function advanceUndo(
  phase: OpenPhase,
  event: Extract<PlanEvent, { readonly type: `undo-${string}` }>,
  atMs: number,
): void {
  if (event.type === 'undo-started') {
    const { step } = event;
    const title = phase.steps.find((each) => each.step === step)?.title ?? step;
    phase.undone.push({ step, title, state: 'open', durationMs: null, error: null, startMs: atMs });
    return;
  }
  const index = phase.undone.findLastIndex((each) => each.step === event.step);
  const undo = phase.undone[index];
  if (undo === undefined) return;
  phase.undone[index] = {
    ...undo,
    state: event.type === 'undo-done' ? 'done' : 'failed',
    durationMs: atMs - undo.startMs,
    error: event.type === 'undo-failed' ? event.error : null,
  };
}

function phaseOf({ plan, title, startMs, durationMs, state, steps, begun, undone }: OpenPhase): Phase {
  return {
    plan,
    title,
    startMs,
    durationMs,
    state,
    steps: steps.map((each) => begun.get(each.step) ?? stepNotRun(each.step, each.title)),
    undos: undone.map(({ startMs: _, ...undo }) => undo),
  };
}

function stepNotRun(step: string, title: string): ReportedStep {
  return { step, title, state: 'notRun', startMs: null, durationMs: null, shown: null, error: null };
}
