import { didYouMean } from '../../core/nearest.ts';
import type { Position } from '../../core/yaml-lines.ts';
import type { Fault, Leaf, LeafValue } from './leaf.ts';
import type { Setting, ValueType } from './setting.ts';
import { ALL_SETTINGS } from './settings.ts';

type Path = readonly string[];

/** Where values of a file are: its name, and the positions of its values. */
export interface Place {
  readonly file: string;
  readonly layer: string;
  /** @param path from the environment on. */
  positionAt(path: Path): Position;
}

export interface Shape {
  readonly leaves: readonly Leaf[];
  readonly faults: readonly Fault[];
}

/** Hosts, recipients and variables have names of the writer's own. */
const NAMES: Readonly<Record<string, { readonly pattern: RegExp; readonly allowed: string }>> = {
  hosts: { pattern: /^[a-z][a-z0-9-]{0,19}$/, allowed: '1 to 20 of a-z, 0-9 and -, a letter first' },
  recipients: { pattern: /^[a-z][a-z0-9-]{0,39}$/, allowed: '1 to 40 of a-z, 0-9 and -, a letter first' },
  variables: { pattern: /^[A-Z][A-Z0-9_]{0,63}$/, allowed: '1 to 64 of A-Z, 0-9 and _, a letter first' },
};

/** Every value of an environment as it is written, and everything that no key allows. */
export function shapeOf(value: unknown, place: Place): Shape {
  const found = foundAt({ path: [], pattern: [] }, value);
  const at = (path: Path) => ({ file: place.file, position: place.positionAt(path) });
  return {
    leaves: found.flatMap(({ path, leaf }) =>
      leaf === undefined
        ? []
        : [{ path: path.join('.'), value: leaf, origin: { kind: 'file', layer: place.layer, ...at(path) } }],
    ),
    faults: found.flatMap(({ path, message }) =>
      message === undefined ? [] : [{ ...at(path), message: `${place.layer}: ${message}` }],
    ),
  };
}

/** A value or a fault, and where it is below the environment. */
interface Found {
  readonly path: Path;
  readonly leaf?: LeafValue | null;
  readonly message?: string;
}

function foundAt({ path, pattern }: Spot, value: unknown): readonly Found[] {
  const setting = ALL_SETTINGS.find((each) => each.path === pattern.join('.'));
  if (value === null) return [{ path, leaf: null }];
  if (setting !== undefined) return [{ path, ...judged(path, value, setting) }];
  if (isMapping(value))
    return Object.entries(value).flatMap(([name, inner]) => foundUnder({ path, pattern }, name, inner));
  return [{ path, message: `${shown(path)} is ${shownValue(value)} (allowed: a mapping)` }];
}

function foundUnder(at: Spot, name: string, inner: unknown): readonly Found[] {
  const path = [...at.path, name];
  const known = keysBelow(at.pattern);
  if (known.includes(name) && name !== '*') return foundAt({ path, pattern: [...at.pattern, name] }, inner);
  const allowed = `(allowed: ${known.join(', ')})`;
  if (!known.includes('*'))
    return [{ path, message: `${shown(path)} is no key${didYouMean(name, known)} ${allowed}` }];
  const rule = NAMES[at.pattern[0] ?? ''];
  if (rule?.pattern.test(name) === true) return foundAt({ path, pattern: [...at.pattern, '*'] }, inner);
  return [{ path, message: `${shown(path)} cannot be named so (allowed: ${rule?.allowed ?? ''})` }];
}

function judged(path: Path, value: unknown, setting: Setting<unknown>): Omit<Found, 'path'> {
  const items = Array.isArray(value) ? value.map((each: unknown) => each) : [value];
  if (!hasType(value, items, setting))
    return { message: `${shown(path)} is ${seen(path, value)} (allowed: ${allowedFor(setting)})` };
  const wrong = items.find((item) => setting.key.parse(String(item)) === undefined);
  if (wrong !== undefined)
    return { message: `${shown(path)} is ${shownValue(wrong)}${hintFor(wrong, setting)}` };
  return { leaf: setting.type === 'list' ? items.map(String) : String(value) };
}

interface Spot {
  readonly path: Path;
  /** The same with `*` for the names of the writer's own. */
  readonly pattern: Path;
}

function keysBelow(pattern: Path): readonly string[] {
  const depth = pattern.length;
  const below = ALL_SETTINGS.map((setting) => setting.path.split('.')).filter((path) =>
    pattern.every((part, index) => path[index] === part),
  );
  return [...new Set(below.flatMap((path) => path[depth] ?? []))];
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const TYPES: Readonly<Record<ValueType, string>> = {
  text: 'string',
  number: 'number',
  flag: 'boolean',
  list: 'string',
};

function hasType(value: unknown, items: readonly unknown[], { path, type }: Setting<unknown>): boolean {
  if (path === 'variables.*') return ['string', 'number', 'boolean'].includes(typeof value);
  if (Array.isArray(value) !== (type === 'list')) return false;
  return items.every((item) => typeof item === TYPES[type]);
}

/** `text, 'true' or 'false'`: the type first, since `"22"` is not 22. */
function allowedFor({ type, key, path }: Setting<unknown>): string {
  if (path === 'variables.*') return 'text, a number, true or false';
  if (type === 'list') return `a list of ${key.allowed}`;
  return type === 'text' && key.allowed !== 'text' ? `text: ${key.allowed}` : key.allowed;
}

function hintFor(value: unknown, { key }: Setting<unknown>): string {
  const choices = [...key.allowed.matchAll(/`([^`]+)`/g)].flatMap(([, choice]) => choice ?? []);
  return `${didYouMean(String(value), choices)} (allowed: ${key.allowed})`;
}

function shown(path: Path): string {
  return path.length === 0 ? 'the environment' : path.join('.');
}

/** A variable may be a secret that was put in the wrong place, so its value is not told. */
function seen(path: Path, value: unknown): string {
  return path[0] === 'variables' ? 'of another kind' : shownValue(value);
}

/** Bounded, and in YAML's own terms: a number is told from a number in quotes. */
function shownValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
