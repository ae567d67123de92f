import { didYouMean } from '../../core/nearest.ts';
import type { Key } from '../key.ts';
import { ENVIRONMENT_KEYS, OPERATOR_KEYS } from '../schema.ts';
import type { HostConfig } from './hosts.ts';
import type { Fault, Leaf, LeafValue, Origin } from './leaf.ts';
import { ALL_SETTINGS, type Role, SETTINGS } from './settings.ts';

const KEYS = ENVIRONMENT_KEYS;
const ALL_KEYS: readonly Key<unknown>[] = [...Object.values(KEYS), ...Object.values(OPERATOR_KEYS)];

/** Variables that come of something else than a key of the same meaning, and of what. */
const DERIVED: ReadonlyMap<string, string> = new Map([
  [KEYS.appEnv.name, SETTINGS.appEnvironment.path],
  [KEYS.dbConnection.name, SETTINGS.databaseConnection.path],
  [KEYS.dbHost.name, SETTINGS.databaseHost.path],
  [KEYS.redisHost.name, SETTINGS.redisHost.path],
  [KEYS.cacheDriver.name, SETTINGS.redisUse.path],
  [KEYS.sessionDriver.name, SETTINGS.redisUse.path],
  [KEYS.queueConnection.name, SETTINGS.redisUse.path],
]);

/** What each slot of a host is given when it is started. */
const OF_THE_SLOT: readonly string[] = [KEYS.appRelease, KEYS.apiSocket, KEYS.apiHost, KEYS.apiPort].map(
  ({ name }) => name,
);

/** The variables that are kept encrypted, in the order of docs/config.md. */
export const SECRET_KEYS: readonly Key<unknown>[] = ALL_KEYS.filter(({ secret }) => secret);

/** What `variables:` may not hold: unknown names, secrets, what another key sets, values that are not allowed. */
export function variableFaults(leaves: readonly Leaf[]): readonly Fault[] {
  return leaves.flatMap((leaf) => {
    const { path, value, origin } = leaf;
    const name = /^variables\.([^.]+)$/.exec(path)?.[1];
    if (name === undefined || typeof value !== 'string' || origin.kind !== 'file') return [];
    const message = problemOf(name, value);
    if (message === undefined) return [];
    return [{ file: origin.file, position: origin.position, message: `${origin.layer}: ${path} ${message}` }];
  });
}

function problemOf(name: string, value: string): string | undefined {
  const key = ALL_KEYS.find((each) => each.name === name);
  if (key === undefined) {
    const names = ALL_KEYS.map((each) => each.name);
    return `is no variable${didYouMean(name, names)} (allowed: the names of docs/config.md)`;
  }
  if (key.secret) return `is a secret: remove it here, and keep it with \`ompay secrets set ${name}\``;
  if (OF_THE_SLOT.includes(name)) return 'is set by each deploy';
  const owner = ownerOf(name);
  if (owner !== undefined) return `is set by ${owner}`;
  if (key.parse(value) !== undefined) return undefined;
  return `is ${JSON.stringify(value)} (allowed: ${key.allowed})`;
}

function ownerOf(name: string): string | undefined {
  return DERIVED.get(name) ?? ALL_SETTINGS.find((setting) => setting.variable === name)?.path;
}

/** A variable of the API's environment, and who says so. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly origin: Origin;
}

/** What the API is told that is no secret, in the order of docs/config.md. What has only its default is left out. */
export function variablesOf(
  values: ReadonlyMap<string, Leaf>,
  hosts: readonly HostConfig[],
): readonly Variable[] {
  const found = [
    ...ALL_SETTINGS.flatMap((setting) =>
      setting.variable === null ? [] : spoken(setting.variable, values.get(setting.path)),
    ),
    ...spoken(KEYS.appEnv.name, values.get(SETTINGS.appEnvironment.path)),
    ...spoken(KEYS.dbConnection.name, values.get(SETTINGS.databaseConnection.path)),
    ...addressed(KEYS.dbHost.name, values.get(SETTINGS.databaseHost.path), { role: 'db', hosts }),
    ...redisVariables(values, hosts),
    ...[...values.values()].flatMap((leaf) =>
      leaf.path.startsWith('variables.') ? spoken(leaf.path.slice('variables.'.length), leaf) : [],
    ),
  ];
  return ALL_KEYS.flatMap((key) => found.filter(({ name }) => name === key.name));
}

function redisVariables(
  values: ReadonlyMap<string, Leaf>,
  hosts: readonly HostConfig[],
): readonly Variable[] {
  const use = values.get(SETTINGS.redisUse.path);
  if (use === undefined || use.value === null || use.value.length === 0) return [];
  const drivers = { cache: KEYS.cacheDriver, sessions: KEYS.sessionDriver, queue: KEYS.queueConnection };
  return [
    ...addressed(KEYS.redisHost.name, values.get(SETTINGS.redisHost.path), { role: 'redis', hosts }),
    ...Object.entries(drivers).flatMap(([what, { name }]) =>
      use.value?.includes(what) === true ? [{ name, value: 'redis', origin: use.origin }] : [],
    ),
  ];
}

function spoken(name: string, leaf: Leaf | undefined): readonly Variable[] {
  return typeof leaf?.value === 'string' ? [{ name, value: leaf.value, origin: leaf.origin }] : [];
}

/** What is said, else the address of the first host with the role. */
function addressed(
  name: string,
  leaf: Leaf | undefined,
  { role, hosts }: { readonly role: Role; readonly hosts: readonly HostConfig[] },
): readonly Variable[] {
  if (leaf !== undefined) return spoken(name, leaf);
  const host = hosts.find(({ roles }) => roles.includes(role));
  if (host === undefined) return [];
  return [{ name, value: host.address, origin: { kind: 'derived', from: `the address of ${host.name}` } }];
}

/** A list as it is shown and compared: its items with commas between. */
export function shownValue(value: LeafValue): string {
  return typeof value === 'string' ? value : value.join(', ');
}
