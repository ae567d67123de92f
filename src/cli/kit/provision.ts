import { lookup } from 'node:dns/promises';
import { mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Secrets } from '../../config/env-file.ts';
import type { EnvironmentConfig } from '../../config/yml/environment.ts';
import { SETTINGS } from '../../config/yml/settings.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import type { Layout } from '../../core/layout.ts';
import { openSigningKey } from '../../deploy/ship/signing.ts';
import { openHost } from '../../host/open.ts';
import { fleetCertificates, type HostCertificate } from '../../provision/ca.ts';
import { type Declared, declare } from '../../provision/declare.ts';
import type { HostFacts } from '../../provision/facts.ts';
import type { FleetHost, HostInput } from '../../provision/input.ts';
import type { Role } from '../../provision/role.ts';
import type { Invocation } from '../command.ts';
import { acmeAuthorityOf } from './provision-web.ts';

/** All that is the same for every host of an environment, read once. */
export interface FleetInput {
  readonly config: EnvironmentConfig;
  readonly secrets: Secrets;
  readonly fleet: readonly FleetHost[];
  readonly certificates: ReadonlyMap<string, HostCertificate>;
  readonly releaseKeyPem: string;
  readonly acmeAuthorityPem: string | null;
}

/** The fleet's authority and the certificates of its hosts are made on this machine when they are missing. */
export async function fleetInput(
  { layout, clock, environment: variables }: Pick<Invocation, 'layout' | 'clock' | 'environment'>,
  { config, secrets }: Pick<FleetInput, 'config' | 'secrets'>,
): Promise<FleetInput> {
  const fleet = await Promise.all(
    config.hosts.map(async ({ name, address, roles }) => ({
      name,
      roles,
      address: await numeric(name, address),
    })),
  );
  const machine = await openHost({ kind: 'local' });
  const authority = { layout, environment: config.name, machine, nowMs: clock.now() };
  return {
    config,
    secrets,
    fleet,
    certificates: await fleetCertificates(authority, fleet),
    releaseKeyPem: openSigningKey(layout).publicPem,
    acmeAuthorityPem: acmeAuthorityOf(config, variables.HOME ?? homedir()),
  };
}

/** The only place where roles' input is put together: a field that a role needs is added here and in its type. */
export function hostInput(
  { config, secrets, fleet, certificates, releaseKeyPem, acmeAuthorityPem }: FleetInput,
  name: string,
  facts: HostFacts,
): HostInput {
  const certificate = certificates.get(name);
  const own = config.hosts.find((host) => host.name === name);
  const host = fleet.find((each) => each.name === name);
  if (own === undefined || host === undefined || certificate === undefined)
    throw new RangeError(`no host is named ${name}`);
  const engine = config.value(SETTINGS.databaseConnection) ?? 'mysql';
  return {
    host,
    fleet,
    facts,
    config,
    secrets,
    certificate,
    releaseKeyPem,
    acmeAuthorityPem,
    ssh: { port: own.port, from: sshFrom({ config, fleet }) },
    web: { from: config.list(SETTINGS.firewallWebFrom) },
    database: { engine, port: config.value(SETTINGS.databasePort) ?? (engine === 'pgsql' ? 5432 : 3306) },
    redis: { port: config.value(SETTINGS.redisPort) ?? 6379 },
    monitoring: config.list(SETTINGS.firewallMonitoringFrom),
  };
}

export function declareHost(
  roles: readonly Role<HostInput>[],
  input: FleetInput,
  { name, facts }: { readonly name: string; readonly facts: HostFacts },
): Declared {
  return declare(roles, hostInput(input, name, facts));
}

/** Hosts that others jump through reach them by their own addresses. */
function sshFrom({ config, fleet }: Pick<FleetInput, 'config' | 'fleet'>): readonly string[] {
  const jumps = config.hosts.flatMap(({ jump }) => jump ?? []);
  const networks = config.list(SETTINGS.firewallSshFrom);
  if (networks.includes('0.0.0.0/0')) return networks;
  return [...networks, ...fleet.filter(({ name }) => jumps.includes(name)).map(({ address }) => address)];
}

/** A firewall knows no names. */
async function numeric(name: string, address: string): Promise<string> {
  try {
    return (await lookup(address)).address;
  } catch (error) {
    throw new OmpayError(
      'configInvalid',
      `hosts.${name}.address ${address} has no address: ${messageOf(error)}`,
      {
        hint: `correct it in ompay.yml, or ask a name server that knows it: getent hosts ${address}`,
      },
    );
  }
}

/** What hosts were at the last run, so that one look is enough; only a guess, and lost without harm. */
export interface FactsMemory {
  readonly of: (host: string) => HostFacts | undefined;
  readonly keep: (facts: ReadonlyMap<string, HostFacts>) => void;
}

export function factsMemory({ state }: Layout, environment: string): FactsMemory {
  const path = join(state, 'facts', `${environment}.json`);
  const known = readKnown(path);
  return {
    of: (host) => known.get(host),
    keep: (facts) => {
      mkdirSync(join(state, 'facts'), { recursive: true, mode: 0o700 });
      const all = Object.fromEntries([...known, ...facts]);
      writeFileAtomic(path, `${JSON.stringify(all)}\n`, 0o600);
    },
  };
}

function readKnown(path: string): ReadonlyMap<string, HostFacts> {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof read !== 'object' || read === null) return new Map();
    return new Map(Object.entries(read).filter((entry): entry is [string, HostFacts] => isFacts(entry[1])));
  } catch {
    return new Map();
  }
}

function isFacts(value: unknown): value is HostFacts {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'family' in value && (value.family === 'debian' || value.family === 'rhel') && 'memoryBytes' in value
  );
}
