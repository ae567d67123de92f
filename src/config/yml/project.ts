import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import type { Layout } from '../../core/layout.ts';
import { didYouMean } from '../../core/nearest.ts';
import { located } from '../../core/yaml-lines.ts';
import { type EnvironmentConfig, environmentOf, valuesOf } from './environment.ts';
import { hostFaults } from './hosts.ts';
import { chainOf, type Layer, parentOf } from './inherit.ts';
import { type Fault, shownFault } from './leaf.ts';
import { SETTINGS } from './settings.ts';
import { isMapping, type Place, shapeOf } from './shape.ts';
import { variableFaults } from './variables.ts';

/** This machine: always there, and told by `.env`, not by ompay.yml. */
export const LOCAL = 'local';
/** Has the hosts that `ompay lab up` made, whatever ompay.yml says of them. */
export const LAB = 'lab';

const MAX_FILE_BYTES = 1_000_000;
const ENVIRONMENT_NAME = /^[a-z][a-z0-9-]{0,39}$/;

/** Everything that ompay.yml says. */
export interface Project {
  readonly path: string;
  /** The environments, `local` and `base` not among them. */
  readonly names: readonly string[];
  readonly layers: ReadonlyMap<string, Layer>;
}

export function ymlPath(layout: Layout): string {
  return join(layout.root, 'ompay.yml');
}

/**
 * Reads ompay.yml, and the environment that `ompay lab up` wrote; without either there are no environments. Throws one
 * `configInvalid` that names every fault of every environment with file, line and column.
 */
export function readProject(layout: Layout): Project {
  const path = ymlPath(layout);
  const files = [
    { path, name: 'ompay.yml' },
    { path: join(layout.state, 'lab', 'environment.yml'), name: '.ompay/lab/environment.yml' },
  ];
  const texts = files.flatMap(({ path: each, name }) => {
    const text = textOf(each);
    return text === undefined ? [] : [{ name, text }];
  });
  return parseProject(path, texts);
}

/** @param texts in the order in which they speak: what a later one says of an environment counts more. */
export function parseProject(
  path: string,
  texts: readonly { readonly name: string; readonly text: string }[],
): Project {
  const read = texts.map(({ name, text }) => layersOf(name, text));
  const layers = new Map<string, Layer>();
  for (const { name, leaves } of read.flatMap((each) => each.layers))
    layers.set(name, { name, leaves: [...(layers.get(name)?.leaves ?? []), ...leaves] });
  const written = read.flatMap(({ faults }) => faults);
  // What a value may be comes first: a fault of the whole is often only its echo.
  const faults = written.length > 0 ? written : wholeFaults(layers);
  if (faults.length > 0) throw invalid(faults.map(shownFault));
  return { path, names: [...layers.keys()].filter((name) => name !== 'base'), layers };
}

/** Throws `notFound` naming the environments that there are. */
export function environmentNamed(project: Project, name: string): EnvironmentConfig {
  if (project.names.includes(name)) return environmentOf(name, project.layers);
  const known = [LOCAL, ...project.names];
  const lab = name === LAB ? '; the hosts of lab are made by `ompay lab up`' : '';
  throw new OmpayError(
    'notFound',
    `there is no environment ${JSON.stringify(name)}${didYouMean(name, known)}; there is ${known.join(', ')}${lab}`,
    { hint: `name one of them with -e, or describe it in ${project.path}` },
  );
}

function textOf(path: string): string | undefined {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= MAX_FILE_BYTES) return bytes.toString('utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw invalid([`${path} cannot be read (${systemCodeOf(error) ?? 'no code'})`]);
  }
  throw invalid([`${path} has more than ${MAX_FILE_BYTES} bytes`]);
}

interface ReadLayers {
  readonly layers: readonly Layer[];
  readonly faults: readonly Fault[];
}

function layersOf(file: string, text: string): ReadLayers {
  const document = located(text);
  if (document.faults.length > 0) throw invalid(document.faults.map((fault) => `${file} ${fault}`));
  const fault = (path: readonly string[], message: string): ReadLayers => ({
    layers: [],
    faults: [{ file, position: document.positionAt(path), message }],
  });
  const whole = document.value ?? {};
  if (!isMapping(whole)) return fault([], 'the file is no mapping (allowed: base, environments)');
  const { base = null, environments = {}, ...rest } = whole;
  const unknown = Object.keys(rest).map((key) =>
    fault([key], `${key} is no key${didYouMean(key, TOP_KEYS)} (allowed: ${TOP_KEYS.join(', ')})`),
  );
  if (!isMapping(environments ?? {}))
    return fault(['environments'], 'environments is not a mapping of names (allowed: a mapping)');
  const layer = (name: string, value: unknown, above: readonly string[]): ReadLayers => {
    const place: Place = {
      file,
      layer: name,
      positionAt: (path) => document.positionAt([...above, ...path]),
    };
    const { leaves, faults } = shapeOf(value, place);
    return { layers: [{ name, leaves }], faults: [...faults, ...variableFaults(leaves)] };
  };
  const named = Object.entries(environments ?? {}).map(([name, value]) => {
    const refusal = nameRefusal(name);
    const above = ['environments', name];
    return refusal === undefined ? layer(name, value, above) : fault(above, refusal);
  });
  // The file of the lab has none, and takes nothing of another's away.
  const bases = 'base' in whole ? [layer('base', base, ['base'])] : [];
  const all = [...unknown, ...bases, ...named];
  return { layers: all.flatMap((each) => each.layers), faults: all.flatMap((each) => each.faults) };
}

const TOP_KEYS = ['base', 'environments'] as const;

function nameRefusal(name: string): string | undefined {
  if (name === LOCAL) return 'local is this machine, which .env describes; remove it here (docs/local.md)';
  if (name === 'base') return 'base is what all environments inherit; give this one another name';
  if (ENVIRONMENT_NAME.test(name)) return undefined;
  return `${JSON.stringify(name)} cannot name an environment (allowed: 1 to 40 of a-z, 0-9 and -, a letter first)`;
}

/** What no single value shows. */
function wholeFaults(layers: ReadonlyMap<string, Layer>): readonly Fault[] {
  const inheritance = [...layers.values()].flatMap((layer) => inheritanceFaults(layer, layers));
  if (inheritance.length > 0) return inheritance;
  return [...layers.keys()].flatMap((name) => {
    // `base` is no environment: it may say half of a host.
    if (name === 'base') return [];
    const values = valuesOf(name, layers);
    return [...hostFaults(name, values), ...productionFaults(name, values)];
  });
}

function inheritanceFaults(layer: Layer, layers: ReadonlyMap<string, Layer>): readonly Fault[] {
  const parent = parentOf(layer);
  if (parent?.origin.kind !== 'file') return [];
  const fault = (message: string): readonly Fault[] =>
    parent.origin.kind === 'file' ? [{ ...parent.origin, message: `${layer.name}: ${message}` }] : [];
  if (layer.name === 'base') return fault('inherits is not for base (allowed: in an environment)');
  const names = [...layers.keys()].filter((name) => name !== 'base');
  if (!names.includes(parent.value))
    return fault(
      `inherits ${JSON.stringify(parent.value)}${didYouMean(parent.value, names)} (allowed: ${names.join(', ')})`,
    );
  const chain = chainOf(layer.name, layers);
  const last = chain.at(-1);
  const next = last === undefined ? undefined : parentOf(last)?.value;
  if (next !== layer.name) return [];
  return fault(`inherits in a circle: ${[...chain.map(({ name }) => name), layer.name].join(', ')}`);
}

function productionFaults(name: string, values: ReturnType<typeof valuesOf>): readonly Fault[] {
  const [app, hostKeys] = [SETTINGS.appEnvironment, SETTINGS.hostKeys].map(({ path }) => values.get(path));
  if (app?.value !== 'production' || hostKeys?.value !== 'accept-new' || hostKeys.origin.kind !== 'file')
    return [];
  const { file, position } = hostKeys.origin;
  return [{ file, position, message: `${name}: host_keys is "accept-new" (allowed in production: strict)` }];
}

function invalid(faults: readonly string[]): OmpayError {
  return new OmpayError('configInvalid', `the environments are not usable: ${faults.join('; ')}`, {
    hint: 'correct them; docs/ompay-yml.md has every key, and `ompay config` reads them again',
  });
}
