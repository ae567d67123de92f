import type { EnvironmentConfig } from '../../config/yml/environment.ts';
import { lockPlan, unlockPlan } from '../../deploy/service-plans.ts';
import type { HostName } from '../../host/host.ts';
import { runPlan } from '../../plan/run.ts';
import type { Declared } from '../../provision/declare.ts';
import { lookFailure, provisionFailure } from '../../provision/failures.ts';
import type { HostInput } from '../../provision/input.ts';
import { type Inspected, inspect, readContents } from '../../provision/inspect.ts';
import type { HostChanges } from '../../provision/plan.ts';
import { type HostOutcome, provisionHost } from '../../provision/provision.ts';
import type { Role } from '../../provision/role.ts';
import { comparedPaths } from '../../provision/shown.ts';
import type { Invocation } from '../command.ts';
import type { Operation } from '../operation.ts';
import { secretsIfOpen } from './environment.ts';
import { chosenHosts, type Fleet, withFleet } from './fleet-hosts.ts';
import { declareHost, factsMemory, fleetInput } from './provision.ts';
import { provisionHandlers } from './provision-handlers.ts';

export interface ProvisionChoices {
  readonly roles: readonly Role<HostInput>[];
  /** All unless told. */
  readonly hosts: readonly HostName[] | undefined;
  readonly guardSeconds: number;
  readonly waitSeconds: number;
}

export interface Provisioner {
  readonly choices: ProvisionChoices;
  /** Looks at all hosts at once. Throws when one cannot be looked at. */
  readonly inspectAll: () => Promise<readonly Inspected[]>;
  /** Files that would be replaced, as they are now. */
  readonly contentsFor: (declared: Declared, changes: HostChanges) => Promise<ReadonlyMap<string, string>>;
  /** Throws for the hosts that failed, when all others are done. */
  readonly provision: (operation: Operation) => Promise<readonly HostOutcome[]>;
}

/** More than so far off, and tokens, certificates and the order of transfers are judged wrongly. */
const CLOCK_OFF_MS = 30_000;

/** Opens the hosts for `work` and closes them whatever comes of it. */
export async function withProvisioner<Result>(
  invocation: Invocation,
  { config, choices }: { readonly config: EnvironmentConfig; readonly choices: ProvisionChoices },
  work: (provisioner: Provisioner) => Promise<Result>,
): Promise<Result> {
  const names = chosenHosts(config, choices.hosts).map(({ name }) => name);
  const opened = await secretsIfOpen(invocation, config);
  const input = await fleetInput(invocation, { config, secrets: opened?.secrets ?? new Map() });
  const memory = factsMemory(invocation.layout, config.name);
  return withFleet(invocation, config, { names, isProvisioning: true }, (fleet) => {
    const inspectOne = (name: HostName): Promise<Inspected> =>
      inspect(hostOf(fleet, name), {
        declareFor: (facts) => declareHost(choices.roles, input, { name, facts }),
        lastFacts: memory.of(name),
        now: () => invocation.clock.now(),
        signal: invocation.signal,
      });
    const inspectAll = async (): Promise<readonly Inspected[]> => {
      const found = await allOf(names, inspectOne);
      memory.keep(new Map(found.map(({ facts, changes }) => [changes.host, facts])));
      return found;
    };
    return work({
      choices,
      inspectAll,
      contentsFor: (declared, changes) =>
        readContents(hostOf(fleet, changes.host), comparedPaths(declared, changes), invocation.signal),
      provision: (operation) => provisionAll(operation, { fleet, choices, inspectAll, inspectOne }),
    });
  });
}

interface Parts {
  readonly fleet: Fleet;
  readonly choices: ProvisionChoices;
  readonly inspectAll: () => Promise<readonly Inspected[]>;
  readonly inspectOne: (name: HostName) => Promise<Inspected>;
}

/** Looks at all hosts before the first change: one that cannot be looked at leaves all of them as they are. */
async function provisionAll(
  operation: Operation,
  { fleet, choices, inspectAll, inspectOne }: Parts,
): Promise<readonly HostOutcome[]> {
  const locked = await runPlan(lockPlan(), operation);
  if (locked.kind === 'failed') throw locked.error;
  const found = await inspectAll();
  for (const each of found) tell(operation, each);
  const declared = new Map(found.map((each) => [each.changes.host, each.declared]));
  const handlers = {
    ...operation.handlers,
    ...provisionHandlers({ declared, fleet, choices, run: operation.run }),
  };
  const kit = {
    ...operation,
    hosts: { ...operation.hosts, ...fleet.hosts },
    handlers,
    guardSeconds: choices.guardSeconds,
    inspect: inspectOne,
  };
  const outcomes = await Promise.all(found.map(({ changes }) => provisionHost(changes, kit)));
  const failure = provisionFailure(outcomes);
  if (failure !== undefined) throw failure;
  await runPlan(unlockPlan(), operation);
  return outcomes;
}

/** What is left out on a host, and a clock that is wrong, belong to the record. */
function tell({ emit }: Operation, { declared, changes, clockOffMs }: Inspected): void {
  const { host } = changes;
  const clock = `its clock is ${Math.round(clockOffMs / 1000)} s off this machine's`;
  for (const note of [...declared.notes, ...(Math.abs(clockOffMs) > CLOCK_OFF_MS ? [clock] : [])])
    emit({ type: 'note', text: `${host}: ${note}`, data: { host } });
}

async function allOf(
  names: readonly HostName[],
  inspectOne: (name: HostName) => Promise<Inspected>,
): Promise<readonly Inspected[]> {
  const settled = await Promise.allSettled(names.map(inspectOne));
  const failed = new Map<HostName, unknown>();
  settled.forEach((each, index) => {
    if (each.status === 'rejected') failed.set(names[index] ?? '', each.reason);
  });
  if (failed.size > 0)
    throw lookFailure(
      failed,
      names.filter((name) => !failed.has(name)),
    );
  return settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}

function hostOf({ hosts }: Fleet, name: HostName) {
  const host = hosts[name];
  if (host === undefined) throw new RangeError(`no host is open that is named ${name}`);
  return host;
}
