import { call, type Plan, type Step, type WaitHttpAction } from '../plan/plan.ts';
import type { LocalFacts } from './types.ts';

/** What the plans of this machine are made of. Pure. */

export const SECONDS = 1000;

export function onePlan(name: string, title: string, steps: readonly Step[]): Plan {
  return { name, title, stages: [{ title, steps }] };
}

export function step(id: string, title: string, action: Step['action']): Step {
  return { id, title, on: 'local', action };
}

export function health(socketPath: string): WaitHttpAction {
  return {
    kind: 'waitHttp',
    target: { socketPath },
    path: '/health',
    status: 200,
    intervalMs: 25,
    timeoutMs: 15 * SECONDS,
  };
}

export function portStep(facts: LocalFacts, port: number): Step {
  const ours = facts.frontRuns ? facts.port : null;
  return step('port', `port ${port} is free or ours`, call('preflight.port', { port, ours }, 5 * SECONDS));
}
