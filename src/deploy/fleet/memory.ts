import { type HostFacts, readHostFacts } from '../../core/carrier/facts.ts';
import { OmpayError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';
import type { HostName } from '../../host/host.ts';
import type { CarrierClient } from './carrier-client.ts';
import type { FleetFacts } from './facts.ts';

/** What one run knows of its hosts, from step to step. */
export interface FleetMemory {
  readonly carriers: Map<HostName, CarrierClient>;
  readonly facts: Map<HostName, HostFacts>;
  /** How far each host's clock is ahead of ours. */
  readonly aheadMs: Map<HostName, number>;
  /** The newest transfer of the ledger's chain that a smoke test has proven; the watch looks at what came after it. */
  provenSequence: number | null;
  /** The access token of the smoke tests that only look, once one of them asked for it. */
  session: Promise<Secret> | undefined;
}

export function fleetMemory(): FleetMemory {
  return {
    carriers: new Map(),
    facts: new Map(),
    aheadMs: new Map(),
    provenSequence: null,
    session: undefined,
  };
}

/** What the hosts said last, in the order of `names`. */
export function knownFacts({ facts }: FleetMemory, names: readonly HostName[]): FleetFacts {
  return Object.fromEntries(names.flatMap((name) => named(name, facts.get(name))));
}

function named(name: HostName, facts: HostFacts | undefined): [HostName, HostFacts][] {
  return facts === undefined ? [] : [[name, facts]];
}

/** Asks all again. */
export async function freshFacts(memory: FleetMemory, names: readonly HostName[]): Promise<FleetFacts> {
  await Promise.all(
    names.map(async (name) => {
      const answer = await carrierOf(memory, name).call('facts', {}, { timeoutMs: 15_000 });
      memory.facts.set(name, readHostFacts(answer));
    }),
  );
  return knownFacts(memory, names);
}

export function carrierOf({ carriers }: FleetMemory, name: HostName): CarrierClient {
  const carrier = carriers.get(name);
  if (carrier !== undefined) return carrier;
  throw new OmpayError('lockLost', `${name} is not held by this run`, {
    hint: 'look what serves: ompay status -e ENVIRONMENT',
  });
}
