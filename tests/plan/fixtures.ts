import type { Host } from '../../src/host/host.ts';
import { localHost } from '../../src/host/local.ts';
import type { Handler, Handlers } from '../../src/plan/act.ts';
import type { RunEvent } from '../../src/plan/event.ts';
import type { Plan, Step } from '../../src/plan/plan.ts';
import type { RunContext } from '../../src/plan/run.ts';
import { manualClock } from '../fixtures/clock.ts';

/** A run that remembers its events and the handlers that were called, in order. */
export interface Recorded extends RunContext {
  readonly events: RunEvent[];
  readonly calls: string[];
  readonly controller: AbortController;
}

export function recorded(
  handlers: Readonly<Record<string, Handler>> = {},
  hosts: readonly Host[] = [localHost()],
): Recorded {
  const events: RunEvent[] = [];
  const calls: string[] = [];
  const controller = new AbortController();
  return {
    events,
    calls,
    controller,
    hosts: Object.fromEntries(hosts.map((host) => [host.name, host])),
    handlers: { ...remembering(calls), ...handlers },
    clock: manualClock(),
    emit: (event) => {
      events.push(event);
    },
    signal: controller.signal,
  };
}

function remembering(calls: string[]): Handlers {
  return {
    do: async (input) => {
      calls.push(`do ${String(input.what)}`);
      return { did: input.what ?? null };
    },
    undo: async (input) => {
      calls.push(`undo ${String(input.what)}`);
      return {};
    },
    fail: async (input) => {
      calls.push(`fail ${String(input.what)}`);
      throw new Error(`${String(input.what)} failed`);
    },
  };
}

/** A step that calls `handler`, undone by the handler `undo`. */
export function step(id: string, handler = 'do', extra: Partial<Step> = {}): Step {
  return {
    id,
    title: `the step ${id}`,
    on: 'local',
    action: { kind: 'call', handler, input: { what: id }, timeoutMs: 5000 },
    undo: { kind: 'call', handler: 'undo', input: { what: id }, timeoutMs: 5000 },
    ...extra,
  };
}

export function planOf(...stages: readonly (readonly Step[])[]): Plan {
  return {
    name: 'p',
    title: 'a plan',
    stages: stages.map((steps, index) => ({ title: `stage ${index}`, steps })),
  };
}

/** `step-done a`, `undo-failed b: message` …: the events in short. */
export function shortEvents(events: readonly RunEvent[]): string[] {
  return events.map((event) => {
    const step = 'step' in event ? ` ${event.step}` : '';
    const error = 'error' in event ? `: ${event.error.message}` : '';
    return `${event.type}${step}${error}`;
  });
}
