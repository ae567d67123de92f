import { didYouMean } from '../../core/nearest.ts';
import { REDIS_USER, SERVER } from '../../core/server-layout.ts';
import { BACKUP_KEYS } from '../copies-schema.ts';
import type { Key } from '../key.ts';
import { ENVIRONMENT_KEYS, OPERATOR_KEYS } from '../schema.ts';
import type { HostConfig } from './hosts.ts';
import type { Fault, Leaf, LeafValue, Origin } from './leaf.ts';
import { ALL_SETTINGS, SETTINGS } from './settings.ts';

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
  [BACKUP_KEYS.backupKeepLast.name, SETTINGS.retentionBackups.path],
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
    ...[...values.values()].flatMap((leaf) =>
      leaf.path.startsWith('variables.') ? spoken(leaf.path.slice('variables.'.length), leaf) : [],
    ),
    ...databaseVariables(values, hosts),
    ...redisVariables(values, hosts),
  ];
  // What is said goes before what is derived.
  return ALL_KEYS.flatMap((key) => found.find(({ name }) => name === key.name) ?? []);
}

/** The fleet's own database is asked by the name in its certificate, which mysql2 compares with names alone. */
function databaseVariables(
  values: ReadonlyMap<string, Leaf>,
  hosts: readonly HostConfig[],
): readonly Variable[] {
  const said = values.get(SETTINGS.databaseHost.path);
  if (said !== undefined) return spoken(KEYS.dbHost.name, said);
  const host = hosts.find(({ roles }) => roles.includes('db'));
  if (host === undefined) return [];
  return [
    derived(KEYS.dbHost.name, host.name, `the name of ${host.name}`),
    derived(KEYS.dbTls.name, 'true', `${host.name}, which takes nothing else`),
    derived(KEYS.dbTlsCa.name, SERVER.tlsAuthority, "the fleet's authority"),
  ];
}

function derived(name: string, value: string, from: string): Variable {
  return { name, value, origin: { kind: 'derived', from } };
}

function redisVariables(
  values: ReadonlyMap<string, Leaf>,
  hosts: readonly HostConfig[],
): readonly Variable[] {
  const use = values.get(SETTINGS.redisUse.path);
  if (use === undefined || use.value === null || use.value.length === 0) return [];
  const drivers = { cache: KEYS.cacheDriver, sessions: KEYS.sessionDriver, queue: KEYS.queueConnection };
  return [
    ...ownRedisVariables(values, hosts),
    ...Object.entries(drivers).flatMap(([what, { name }]) =>
      use.value?.includes(what) === true ? [{ name, value: 'redis', origin: use.origin }] : [],
    ),
  ];
}

function spoken(name: string, leaf: Leaf | undefined): readonly Variable[] {
  return typeof leaf?.value === 'string' ? [{ name, value: leaf.value, origin: leaf.origin }] : [];
}

/** Where it is: what is said, else the first host with the role, with the account that provisioning makes there. */
function ownRedisVariables(
  values: ReadonlyMap<string, Leaf>,
  hosts: readonly HostConfig[],
): readonly Variable[] {
  const said = values.get(SETTINGS.redisHost.path);
  if (said !== undefined) return spoken(KEYS.redisHost.name, said);
  const host = hosts.find(({ roles }) => roles.includes('redis'));
  if (host === undefined) return [];
  const isTls = values.get(SETTINGS.redisTls.path)?.value === 'true';
  return [
    derived(KEYS.redisHost.name, host.address, `the address of ${host.name}`),
    derived(KEYS.redisUsername.name, REDIS_USER, `the account on ${host.name}`),
    ...(isTls ? [derived(KEYS.redisTlsCa.name, SERVER.tlsAuthority, "the fleet's authority")] : []),
  ];
}

/** A list as it is shown and compared: its items with commas between. */
export function shownValue(value: LeafValue): string {
  return typeof value === 'string' ? value : value.join(', ');
}
