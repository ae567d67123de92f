import type { HostName } from '../../host/host.ts';
import { call, type Plan, type Stage, type Step } from '../../plan/plan.ts';
import type { Shippable } from './types.ts';

/** A runtime of 120 MB by a slow line. */
const RUNTIME_LIMIT_MS = 900_000;
const RELEASE_LIMIT_MS = 180_000;
const PRUNE_LIMIT_MS = 60_000;
const ANSWER_LIMIT_MS = 60_000;

/** What is to be shipped, by its names alone. */
export type Shipment = Pick<Shippable, 'manifest' | 'agent' | 'runtime'>;

export function shipPlan(hosts: readonly HostName[], shipment: Shipment): Plan {
  return {
    name: 'ship',
    title: `Send release ${shipment.manifest.id} to ${hosts.join(', ')}`,
    stages: [shipStage(hosts, shipment)],
  };
}

/**
 * All hosts at once. There is no undo: what was sent is named by its content and used by nobody, and `ship.prune` takes it
 * away some day. A host that has all of it answers in one round trip.
 */
export function shipStage(hosts: readonly HostName[], shipment: Shipment): Stage {
  return { title: 'Send', steps: hosts.flatMap((host) => shipSteps(host, shipment)) };
}

function shipSteps(on: HostName, { manifest, agent, runtime }: Shipment): readonly Step[] {
  const { id } = manifest;
  return [
    runtimeStep(on, runtime),
    {
      id: `${on}-agent`,
      title: `the agent ${agent.id} is there`,
      on,
      action: call('ship.agent', { agent: agent.id }, RELEASE_LIMIT_MS),
    },
    {
      id: `${on}-release`,
      title: `release ${id} is there, and every file is the signed one`,
      on,
      action: call('ship.release', { release: id }, RELEASE_LIMIT_MS),
    },
  ];
}

function runtimeStep(on: HostName, { sha256, version }: Shipment['runtime']): Step {
  return {
    id: `${on}-runtime`,
    title: `Node ${version} is there`,
    on,
    action: call('ship.runtime', { runtime: sha256 }, RUNTIME_LIMIT_MS),
  };
}

/**
 * The agent and the runtime of this source, on all hosts; the agent of before stays until the new one has answered on each, and
 * is in use again on all of them when one did not.
 */
export function upgradePlan(hosts: readonly HostName[], shipment: Pick<Shipment, 'agent' | 'runtime'>): Plan {
  const { agent, runtime } = shipment;
  const steps = (make: (on: HostName) => readonly Step[]): readonly Step[] => hosts.flatMap(make);
  return {
    name: 'self-upgrade',
    title: `Agent ${agent.id} on ${hosts.join(', ')}`,
    stages: [
      {
        title: 'Send',
        steps: steps((on) => [
          runtimeStep(on, runtime),
          {
            id: `${on}-agent`,
            title: `the agent ${agent.id} is there`,
            on,
            action: call('ship.agentFile', { agent: agent.id }, RELEASE_LIMIT_MS),
          },
        ]),
      },
      {
        title: 'Upgrade',
        steps: steps((on) => [
          {
            id: `${on}-use`,
            title: `the agent ${agent.id} is in use and answers`,
            on,
            action: call('ship.useAgent', { agent: agent.id }, ANSWER_LIMIT_MS),
            undo: call('ship.formerAgent', {}, ANSWER_LIMIT_MS),
          },
        ]),
      },
    ],
  };
}

/** Looks again at a release that is there, as before a rollback to one that does not run. */
export function verifyStep(on: HostName, release: string): Step {
  return {
    id: `${on}-verify`,
    title: `release ${release} is as it was signed`,
    on,
    action: call('ship.verify', { release }, RELEASE_LIMIT_MS),
  };
}

/** The newest `keep` releases stay, and what a slot, `live` or `accepted` names, and what these need. */
export function pruneStep(on: HostName, keep: number): Step {
  return {
    id: `${on}-prune`,
    title: `the newest ${keep} releases stay, and those in use`,
    on,
    action: call('ship.prune', { keep }, PRUNE_LIMIT_MS),
  };
}
