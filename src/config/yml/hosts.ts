import { byNaturalOrder } from '../../core/natural-order.ts';
import { didYouMean } from '../../core/nearest.ts';
import type { Fault, Leaf } from './leaf.ts';
import { ROLES, type Role, SETTINGS } from './settings.ts';

/** A server of an environment. */
export interface HostConfig {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Of the private key; null for the agent's keys. `~/` stands for the operator's own folder. */
  readonly keyPath: string | null;
  /** The name of another host of the environment. */
  readonly jump: string | null;
  /** `SHA256:…` of the only key that it may show. */
  readonly fingerprint: string | null;
  /** Null: what it has. */
  readonly memoryMb: number | null;
  readonly roles: readonly Role[];
}

/** @param values of the environment, all layers merged. In the order of their names; `web10` comes after `web2`. */
export function hostsOf(values: ReadonlyMap<string, Leaf>): readonly HostConfig[] {
  return hostNames(values).map((name) => hostOf(name, values));
}

function hostOf(name: string, values: ReadonlyMap<string, Leaf>): HostConfig {
  const text = (setting: { readonly path: string }): string | null => {
    const value = leafOf(name, setting.path, values)?.value;
    return typeof value === 'string' ? value : null;
  };
  const roles = leafOf(name, SETTINGS.hostRoles.path, values)?.value ?? [];
  return {
    name,
    address: text(SETTINGS.hostAddress) ?? '',
    port: Number(text(SETTINGS.hostPort) ?? SETTINGS.hostPort.key.fallback),
    user: text(SETTINGS.hostUser) ?? SETTINGS.hostUser.key.fallback ?? '',
    keyPath: text(SETTINGS.hostKey),
    jump: text(SETTINGS.hostJump),
    fingerprint: text(SETTINGS.hostFingerprint),
    memoryMb: numberOrNull(text(SETTINGS.hostMemory)),
    roles: ROLES.filter((role) => roles.includes(role)),
  };
}

function numberOrNull(text: string | null): number | null {
  return text === null ? null : Number(text);
}

function leafOf(name: string, pattern: string, values: ReadonlyMap<string, Leaf>): Leaf | undefined {
  return values.get(pattern.replace('*', name));
}

function hostNames(values: ReadonlyMap<string, Leaf>): readonly string[] {
  const names = [...values.keys()].flatMap((path) => /^hosts\.([^.]+)\./.exec(path)?.[1] ?? []);
  return [...new Set(names)].toSorted(byNaturalOrder);
}

/** What no single value shows: an address given twice, a jump to nowhere or in a circle, a host that does nothing. */
export function hostFaults(layer: string, values: ReadonlyMap<string, Leaf>): readonly Fault[] {
  const hosts = hostsOf(values);
  const faults = hosts.flatMap((host) =>
    [addressFault(host, hosts), jumpFault(host, hosts), roleFault(host, hosts)].flatMap((each) => each ?? []),
  );
  return faults.flatMap(({ host, key, message }) => {
    const leaf =
      values.get(`hosts.${host}.${key}`) ??
      [...values.values()].find(({ path }) => path.startsWith(`hosts.${host}.`));
    if (leaf?.origin.kind !== 'file') return [];
    return [{ file: leaf.origin.file, position: leaf.origin.position, message: `${layer}: ${message}` }];
  });
}

interface HostFault {
  readonly host: string;
  readonly key: string;
  readonly message: string;
}

function addressFault(host: HostConfig, hosts: readonly HostConfig[]): HostFault | undefined {
  const fault = (message: string): HostFault => ({ host: host.name, key: 'address', message });
  if (host.address === '') return fault(`hosts.${host.name} lacks the key "address"`);
  const twin = hosts.find(
    (each) =>
      each.name < host.name &&
      each.address.toLowerCase() === host.address.toLowerCase() &&
      each.port === host.port,
  );
  if (twin === undefined) return undefined;
  return fault(`hosts.${host.name} has the address ${host.address} port ${host.port}, as ${twin.name} has`);
}

function jumpFault(host: HostConfig, hosts: readonly HostConfig[]): HostFault | undefined {
  if (host.jump === null) return undefined;
  const fault = (message: string): HostFault => ({ host: host.name, key: 'jump', message });
  const names = hosts.map(({ name }) => name);
  if (!names.includes(host.jump))
    return fault(
      `hosts.${host.name}.jump is ${JSON.stringify(host.jump)}${didYouMean(host.jump, names)} (allowed: ${names.join(', ')})`,
    );
  const way = wayTo(host, hosts);
  return way.at(-1) === host.name
    ? fault(`hosts.${host.name} jumps in a circle: ${way.join(', ')}`)
    : undefined;
}

/** The hosts that a connection goes through, as far as the first that comes again. */
function wayTo(host: HostConfig, hosts: readonly HostConfig[]): readonly string[] {
  const way = [host.name];
  for (let at: HostConfig | undefined = host; at !== undefined && at.jump !== null; ) {
    const { jump }: HostConfig = at;
    const comesAgain = way.includes(jump);
    way.push(jump);
    at = comesAgain ? undefined : hosts.find(({ name }) => name === jump);
  }
  return way;
}

function roleFault(host: HostConfig, hosts: readonly HostConfig[]): HostFault | undefined {
  if (host.roles.length > 0 || hosts.some(({ jump }) => jump === host.name)) return undefined;
  return {
    host: host.name,
    key: 'roles',
    message: `hosts.${host.name} has no role, and no host jumps through it (allowed: ${ROLES.join(', ')})`,
  };
}
