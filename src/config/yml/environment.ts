import { byNaturalOrder } from '../../core/natural-order.ts';
import { type HostConfig, hostsOf } from './hosts.ts';
import { chainOf, type Layer, merged } from './inherit.ts';
import type { Leaf, LeafValue, Origin } from './leaf.ts';
import type { Setting } from './setting.ts';
import { ALL_SETTINGS, SETTINGS } from './settings.ts';
import { type Variable, variablesOf } from './variables.ts';

/** Someone who can open the secrets of an environment, by the public half of an age key. */
export interface Recipient {
  readonly name: string;
  /** `age1…` */
  readonly recipient: string;
}

/** One environment, inheritance resolved. */
export interface EnvironmentConfig {
  readonly name: string;
  readonly hosts: readonly HostConfig[];
  /** Who can open its secrets, in the order of their names. */
  readonly recipients: readonly Recipient[];
  /** What the API is told that is no secret. */
  readonly variables: readonly Variable[];
  /** Every value that counts, defaults too, in the order of docs/ompay-yml.md. */
  readonly shown: readonly ShownSetting[];
  /** The value or its default; undefined when there is neither. */
  value<T>(setting: Setting<T>): T | undefined;
  /** The items of a list or of its default. */
  list<T>(setting: Setting<T>): readonly T[];
}

export interface ShownSetting {
  readonly path: string;
  readonly value: LeafValue;
  readonly origin: Origin;
}

/** @param layers of the file, `base` too: what comes after all others. */
export function environmentOf(name: string, layers: ReadonlyMap<string, Layer>): EnvironmentConfig {
  const values = valuesOf(name, layers);
  const hosts = hostsOf(values);
  const textOf = (setting: Setting<unknown>): LeafValue | undefined =>
    values.get(setting.path)?.value ?? defaultOf(setting);
  return {
    name,
    hosts,
    recipients: recipientsOf(values),
    variables: variablesOf(values, hosts),
    shown: hostByHost(ALL_SETTINGS.flatMap((setting) => shownOf(setting, values))),
    value: (setting) => {
      const text = textOf(setting);
      return typeof text === 'string' ? setting.key.parse(text) : undefined;
    },
    list: (setting) => [textOf(setting) ?? []].flat().flatMap((item) => setting.key.parse(item) ?? []),
  };
}

/** All layers of an environment as one, `base` below them. */
export function valuesOf(name: string, layers: ReadonlyMap<string, Layer>): ReadonlyMap<string, Leaf> {
  const base = layers.get('base');
  return merged([...chainOf(name, layers), ...(base === undefined ? [] : [base])]);
}

function recipientsOf(values: ReadonlyMap<string, Leaf>): readonly Recipient[] {
  return [...values.values()]
    .flatMap(({ path, value }) => {
      const name = /^recipients\.([^.]+)$/.exec(path)?.[1];
      return name === undefined || typeof value !== 'string' ? [] : [{ name, recipient: value }];
    })
    .toSorted((a, b) => byNaturalOrder(a.name, b.name));
}

function shownOf(setting: Setting<unknown>, values: ReadonlyMap<string, Leaf>): readonly ShownSetting[] {
  const said = [...values.values()]
    .filter(({ path }) => isOf(path, setting.path))
    .toSorted((a, b) => byNaturalOrder(a.path, b.path))
    .flatMap(({ path, value, origin }) => (value === null ? [] : [{ path, value, origin }]));
  const fallback = setting.path.includes('*') ? undefined : defaultOf(setting);
  if (said.length > 0 || fallback === undefined || setting === SETTINGS.inherits) return said;
  return [{ path: setting.path, value: fallback, origin: { kind: 'default' } }];
}

/** All of one host together; the rest stays where it is. */
function hostByHost(settings: readonly ShownSetting[]): readonly ShownSetting[] {
  const hostIn = ({ path }: ShownSetting): string => /^hosts\.([^.]+)/.exec(path)?.[1] ?? '';
  const first = settings.findIndex((each) => hostIn(each) !== '');
  const others = settings.filter((each) => hostIn(each) === '');
  const hosts = settings
    .filter((each) => hostIn(each) !== '')
    .toSorted((a, b) => byNaturalOrder(hostIn(a), hostIn(b)));
  return [...others.slice(0, Math.max(0, first)), ...hosts, ...others.slice(Math.max(0, first))];
}

/** Whether a path is one of a pattern: `hosts.web1.port` of `hosts.*.port`. */
function isOf(path: string, pattern: string): boolean {
  const [parts, rules] = [path.split('.'), pattern.split('.')];
  return parts.length === rules.length && rules.every((rule, index) => rule === '*' || rule === parts[index]);
}

function defaultOf({ type, key }: Setting<unknown>): LeafValue | undefined {
  if (key.fallback === null) return undefined;
  return type === 'list' ? key.fallback.split(', ') : key.fallback;
}
