import type { Clock } from '../core/clock.ts';
import { messageOf, OmpayError } from '../core/errors.ts';
import type { Host, HostName } from '../host/host.ts';
import { type ActContext, act, type Handlers } from './act.ts';
import type { Emit, ShownError } from './event.ts';
import { type JsonObject, type Plan, type Stage, type Step, stepsOf } from './plan.ts';

export interface RunContext {
  readonly hosts: Readonly<Record<HostName, Host>>;
  readonly handlers: Handlers;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** What the steps gave, by step id. */
export type Outputs = Readonly<Record<string, JsonObject>>;

export type PlanOutcome =
  | { readonly kind: 'done'; readonly outputs: Outputs }
  /** Every undo that the plan had was run; `undoFailed` names the steps whose undo failed. */
  | {
      readonly kind: 'failed';
      readonly error: unknown;
      readonly outputs: Outputs;
      readonly undoFailed: readonly string[];
    };

/**
 * The one interpreter of plans: stages in order, hosts of a stage in parallel, each host's steps in order.
 * On a failure or an interruption the steps begun are undone in the same way in reverse, the failed one first. Never throws
 * for what a step did; an undo that fails is journalled and does not hide the first error.
 */
export async function runPlan(plan: Plan, context: RunContext): Promise<PlanOutcome> {
  const startedMs = context.clock.monotonicMs();
  const outputs: Record<string, JsonObject> = {};
  const begun: Step[] = [];
  const steps = stepsOf(plan).map((step) => ({ step: step.id, title: step.title }));
  context.emit({ type: 'plan-started', plan: plan.name, title: plan.title, steps });
  try {
    for (const stage of plan.stages) await runStage(plan, stage, { ...context, outputs, begun });
  } catch (error) {
    const undoFailed = await undoAll(plan, begun, context);
    unstoppable(context.emit)({
      type: 'plan-failed',
      plan: plan.name,
      durationMs: context.clock.monotonicMs() - startedMs,
    });
    return { kind: 'failed', error, outputs, undoFailed };
  }
  context.emit({ type: 'plan-done', plan: plan.name, durationMs: context.clock.monotonicMs() - startedMs });
  return { kind: 'done', outputs };
}

interface StageContext extends RunContext {
  readonly outputs: Record<string, JsonObject>;
  readonly begun: Step[];
}

async function runStage(plan: Plan, stage: Stage, context: StageContext): Promise<void> {
  const names = [...new Set(stage.steps.map((step) => step.on))];
  const runs = names.map((name) =>
    runOnHost(
      plan,
      stage.steps.filter((step) => step.on === name),
      context,
    ),
  );
  // All are awaited before an undo starts, so that nothing is undone under a step that still runs.
  const settled = await Promise.allSettled(runs);
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function runOnHost(plan: Plan, steps: readonly Step[], context: StageContext): Promise<void> {
  for (const step of steps) {
    context.signal.throwIfAborted();
    await runStep(plan, step, context);
  }
}

async function runStep(plan: Plan, step: Step, context: StageContext): Promise<void> {
  const { clock, emit, signal, handlers } = context;
  const host = hostNamed(context.hosts, step.on);
  const startedMs = clock.monotonicMs();
  const name = { plan: plan.name, step: step.id };
  emit({ type: 'step-started', ...name, title: step.title });
  try {
    if (step.unless !== undefined) {
      const guard = await host.exec(step.unless, { timeoutMs: 10_000, signal });
      if (guard.exitCode === 0) return emit({ type: 'step-skipped', ...name });
    }
    context.begun.push(step);
    const evidence = evidenceOf(emit, name);
    const output = await act(step.action, { host, handlers, clock, signal, evidence });
    context.outputs[step.id] = output;
    emit({ type: 'step-done', ...name, durationMs: clock.monotonicMs() - startedMs, output });
  } catch (error) {
    emit({
      type: 'step-failed',
      ...name,
      durationMs: clock.monotonicMs() - startedMs,
      error: shownError(error),
    });
    throw error;
  }
}

/** Stages in reverse, hosts of a stage in parallel: one that cannot be reached does not keep the others from going back. */
async function undoAll(plan: Plan, begun: readonly Step[], context: RunContext): Promise<string[]> {
  const failed: string[] = [];
  for (const stage of [...plan.stages].reverse()) {
    const steps = begun.filter((step) => stage.steps.includes(step)).reverse();
    const names = [...new Set(steps.map(({ on }) => on))];
    const undone = names.map((name) =>
      undoOnHost(
        plan,
        steps.filter(({ on }) => on === name),
        context,
      ),
    );
    failed.push(...(await Promise.all(undone)).flat());
  }
  return failed;
}

/** The steps whose undo failed. */
async function undoOnHost(plan: Plan, steps: readonly Step[], context: RunContext): Promise<string[]> {
  const emit = unstoppable(context.emit);
  const failed: string[] = [];
  for (const step of steps) {
    if (step.undo === undefined) continue;
    const name = { plan: plan.name, step: step.id };
    emit({ type: 'undo-started', ...name });
    try {
      // No signal: an interruption must not leave the undo half-done; its time limit bounds it.
      await act(step.undo, {
        host: hostNamed(context.hosts, step.on),
        handlers: context.handlers,
        clock: context.clock,
        signal: undefined,
        evidence: evidenceOf(emit, name),
      });
      emit({ type: 'undo-done', ...name });
    } catch (error) {
      failed.push(step.id);
      emit({ type: 'undo-failed', ...name, error: shownError(error) });
    }
  }
  return failed;
}

function evidenceOf(
  emit: Emit,
  name: { readonly plan: string; readonly step: string },
): ActContext['evidence'] {
  return (kind, data) => emit({ type: 'evidence', ...name, kind, data });
}

/** A journal that cannot be written any more (a full disk) must not keep anything from being undone. */
function unstoppable(emit: Emit): Emit {
  return (event) => {
    try {
      emit(event);
    } catch {
      // The error that led here is the one that is reported.
    }
  };
}

function hostNamed(hosts: Readonly<Record<HostName, Host>>, name: HostName): Host {
  const host = hosts[name];
  if (host === undefined) throw new TypeError(`the plan names a host that is not connected: ${name}`);
  return host;
}

/** An error in the form that journals and terminals show. A bug of ours keeps its message and says so. */
export function shownError(error: unknown): ShownError {
  if (error instanceof OmpayError) return { code: error.code, message: error.message, hint: error.hint };
  return {
    code: 'internal',
    message: messageOf(error),
    hint: 'this is a fault of ompay itself: please report it with `ompay audit list`',
  };
}
