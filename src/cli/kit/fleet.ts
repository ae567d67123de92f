import { MIGRATIONS } from '../../api/migrations/index.ts';
import type { EnvironmentConfig } from '../../config/yml/environment.ts';
import { environmentNamed, readProject } from '../../config/yml/project.ts';
import { SETTINGS } from '../../config/yml/settings.ts';
import { type HostFacts, NOTHING_THERE, readHostFacts } from '../../core/carrier/facts.ts';
import { OmpayError } from '../../core/errors.ts';
import { beat, lookAt } from '../../deploy/fleet/carrier-client.ts';
import type { FleetKit } from '../../deploy/fleet/deploy.ts';
import type { FleetFacts } from '../../deploy/fleet/facts.ts';
import { fleetHandlers } from '../../deploy/fleet/handlers.ts';
import { type FleetMemory, fleetMemory } from '../../deploy/fleet/memory.ts';
import { type FleetSight, observationHandlers } from '../../deploy/fleet/observe.ts';
import { shipHandlers } from '../../deploy/ship/handlers.ts';
import { buildShippable } from '../../deploy/ship/shippable.ts';
import type { Shippable } from '../../deploy/ship/types.ts';
import type { Host, HostName } from '../../host/host.ts';
import { localHost } from '../../host/local.ts';
import type { JsonObject } from '../../plan/plan.ts';
import type { Invocation } from '../command.ts';
import { actor, type Operation, type OperationResult, runOperation } from '../operation.ts';
import { deferredHandlers } from './deferred.ts';
import { environmentName } from './environment.ts';
import type { MadeBackup } from './fleet-backup.ts';
import { type Fleet, withFleet } from './fleet-hosts.ts';
import { fleetWitness } from './fleet-smoke.ts';
import { hooked, hooksOf } from './hooks.ts';
import { once } from './once.ts';
import { reportAfterwards } from './report.ts';

/** A host that hears nothing of its operator for so long takes back what was not kept. */
const LEASE_MS = 10_000;
const BEAT_MS = 2000;

export interface FleetConfig {
  readonly config: EnvironmentConfig;
  /** Of the web hosts. */
  readonly names: readonly HostName[];
}

/** The environment that `-e` names. Throws `configInvalid` when it has no web host. */
export function fleetConfig(invocation: Invocation): FleetConfig {
  const config = environmentNamed(readProject(invocation.layout), environmentName(invocation));
  const names = config.hosts.filter(({ roles }) => roles.includes('web')).map(({ name }) => name);
  if (names.length > 0) return { config, names };
  throw new OmpayError('configInvalid', `${config.name} has no host with the role web`, {
    hint: 'describe one in ompay.yml (docs/ompay-yml.md)',
  });
}

/** What this source builds to for servers. */
export function shippableOf({ layout, programRoot, version, clock }: Invocation): () => Promise<Shippable> {
  const kit = { layout, programRoot, version, newestMigration: MIGRATIONS.at(-1)?.id ?? '0000' };
  return once(() => buildShippable(kit, localHost(), clock.now()));
}

/** What each web host says, without a lock; an error stays with its host. */
export async function lookAtEach(
  invocation: Invocation,
): Promise<ReadonlyMap<HostName, PromiseSettledResult<HostFacts | null>>> {
  const { config, names } = fleetConfig(invocation);
  return withFleet(invocation, config, { names }, async ({ hosts }) => {
    const looks = names
      .flatMap((name) => hosts[name] ?? [])
      .map(async (host) => factsOf(host, invocation.signal));
    const answers = await Promise.allSettled(looks);
    return new Map(answers.map((answer, index) => [names[index] ?? '', answer]));
  });
}

/** Throws the error of the first host that says nothing. A host without an agent serves nothing. */
export async function lookAtFleet(invocation: Invocation): Promise<FleetFacts> {
  const answers = await lookAtEach(invocation);
  const facts = [...answers].map(([name, answer]): [HostName, HostFacts] => {
    if (answer.status === 'rejected') throw answer.reason;
    return [name, answer.value ?? NOTHING_THERE];
  });
  return Object.fromEntries(facts);
}

async function factsOf(host: Host, signal: AbortSignal): Promise<HostFacts | null> {
  const answer = await lookAt(host, signal);
  return answer === null ? null : readHostFacts(answer);
}

export interface FleetOperationRequest {
  readonly command: 'deploy' | 'rollback';
  readonly title: string;
  readonly input: JsonObject;
  /** In production, a migration of servers is not begun without this word: no backup of ours goes before it. */
  readonly withoutBackup: boolean;
}

/** One journalled operation on all web hosts, which hear of this process until its end. */
export async function runFleetOperation(
  invocation: Invocation,
  { config, names }: FleetConfig,
  request: FleetOperationRequest,
  body: (kit: FleetKit) => Promise<OperationResult>,
): Promise<number> {
  const hooks = hooksOf(invocation, request.command, config.name);
  const shippable = shippableOf(invocation);
  const memory = fleetMemory();
  const sight: FleetSight = {};
  const made: MadeBackup = {};
  const handlersFor = (fleet: Fleet) => (operation: Operation) => ({
    ...fleetHandlers({
      memory,
      run: operation.run,
      operator: { owner: actor(), reason: request.command },
      leaseMs: LEASE_MS,
    }),
    ...shipHandlers({ layout: invocation.layout, shippable, environment: config.name }),
    ...deferredHandlers(['fleet.backup'], async () => {
      const { fleetBackupHandlers } = await import('./fleet-backup.ts');
      return fleetBackupHandlers({ invocation, config, isUnwanted: request.withoutBackup, made });
    }),
    ...deferredHandlers(['fleet.migrate', 'fleet.smoke'], async () =>
      (await import('./fleet-data.ts')).fleetDataHandlers({
        memory,
        made,
        run: operation.run,
        mayMigrate: request.withoutBackup || !isProduction(config),
      }),
    ),
    ...hooks.handlers(operation),
    ...observationHandlers(
      {
        memory,
        isProduction: isProduction(config),
        witness: fleetWitness(() => witnessPlace(sight, memory, fleet), operation),
      },
      sight,
    ),
  });
  return withFleet(invocation, config, { names, isNeededSoon: true }, async (fleet) => {
    const over = new AbortController();
    const beating = { clock: invocation.clock, intervalMs: BEAT_MS, signal: over.signal };
    const beats = beat(() => memory.carriers.values(), beating);
    const input = { ...request.input, environment: config.name };
    const title = `${request.title} on ${config.name}`;
    try {
      return await runOperation(
        invocation,
        {
          command: request.command,
          input,
          title,
          handlers: handlersFor(fleet),
          afterwards: reportAfterwards(invocation),
        },
        (operation) => {
          const hosts = { ...operation.hosts, ...fleet.hosts };
          const kit = { ...operation, hosts, names, memory, sight, shipment: shippable };
          return hooked(operation, hooks, { hosts: names }, () => body(kit));
        },
      );
    } finally {
      over.abort();
      await beats;
    }
  });
}

/** The ledger is looked at from the first host that switched. */
function witnessPlace({ before }: FleetSight, memory: FleetMemory, { hosts }: Fleet) {
  const [first] = before?.watched ?? [];
  const host = first === undefined ? undefined : hosts[first.host];
  if (first === undefined || host === undefined) return undefined;
  return { host, release: first.release, since: memory.provenSequence };
}

function isProduction(config: EnvironmentConfig): boolean {
  return config.value(SETTINGS.appEnvironment) === 'production';
}
