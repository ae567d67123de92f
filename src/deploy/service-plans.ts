import type { Layout } from '../core/layout.ts';
import { call, type Plan } from '../plan/plan.ts';
import { health, onePlan, portStep, SECONDS, step } from './steps.ts';
import type { LocalFacts } from './types.ts';

/** Plans around a deploy: the lock, and the programs that stay when a release goes. Pure. */

export function lockPlan(): Plan {
  return onePlan('lock', 'Lock', [step('acquire', 'take the lock', call('lock.acquire', {}, 10 * SECONDS))]);
}

export function unlockPlan(): Plan {
  return onePlan('unlock', 'Unlock', [
    step('release', 'give the lock back', call('lock.release', {}, 10 * SECONDS)),
  ]);
}

/** The programs that stay when a release goes: supervisor and database. */
export function servicesPlan(anew = false): Plan {
  return onePlan('services', 'Services', [
    step(
      'platform',
      'put the local programs and the runtime in place',
      call('platform.install', {}, 60 * SECONDS),
    ),
    step('supervisor', 'start the supervisor', call('supervisor.ensure', {}, 15 * SECONDS)),
    step('database', 'start the database', call('database.ensure', { anew }, 60 * SECONDS)),
  ]);
}

/** Brings back what ran: the supervisor has started its services; here they are waited for. */
export function upPlan(facts: LocalFacts, layout: Layout, anew: boolean): Plan {
  const live = facts.live ?? 'blue';
  const port = facts.port ?? 8080;
  return onePlan('up', 'Up', [
    step('slot', `${live} answers /health with 200`, health(layout.slotSockets[live])),
    step('front', `the front answers on port ${port}`, call('front.ensure', { port, anew }, 15 * SECONDS)),
  ]);
}

/** `up` starts a front too, so it looks at the port first. */
export function portPlan(facts: LocalFacts): Plan {
  const port = facts.port ?? 8080;
  return onePlan('preflight', 'Preflight', [portStep(facts, port)]);
}

export function downPlan(): Plan {
  return onePlan('down', 'Down', [
    step('stop', 'stop front, slots, database, supervisor', call('services.shutdown', {}, 60 * SECONDS)),
  ]);
}
