import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OmpayError, systemCodeOf } from '../../core/errors.ts';
import type { Runtime } from './types.ts';

/** A package of npm whose code is in a bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** Hex; of the tarball, as the lock file has it. Undefined for what came otherwise. */
  readonly sha512: string | undefined;
  /** An SPDX identifier or expression. */
  readonly license: string | undefined;
}

interface LockedPackage {
  readonly version?: unknown;
  readonly integrity?: unknown;
  readonly license?: unknown;
}

/**
 * The packages that the sources of bundles are from, by their places in the lock file (docs.npmjs.com, package-lock.json), in
 * the order of their names. Throws `configInvalid` for a package that the lock file does not know.
 */
export function bundledPackages(inputs: readonly string[], root: string): readonly BundledPackage[] {
  const places = [...new Set(inputs.flatMap((input) => placeOf(input) ?? []))];
  if (places.length === 0) return [];
  const locked = lockedPackages(root);
  const found = places.map((place) => packageAt(place, locked));
  const byPurl = new Map(found.map((each) => [purlOf(each), each]));
  return [...byPurl.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

/** `node_modules/a/node_modules/@b/c` of a path into that package; packages may lie above the root, by a link. */
function placeOf(input: string): string | undefined {
  const path = input.slice(Math.max(0, input.indexOf('node_modules/')));
  return /^(?:node_modules\/(?:@[^/]+\/)?[^/]+\/)*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
}

function packageAt(place: string, locked: Readonly<Record<string, LockedPackage>>): BundledPackage {
  const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const entry = locked[place];
  if (typeof entry?.version !== 'string') {
    throw new OmpayError(
      'configInvalid',
      `package-lock.json does not know ${place}, which the release holds`,
      {
        hint: 'npm ci',
      },
    );
  }
  return {
    name,
    version: entry.version,
    sha512: sha512Of(entry.integrity),
    license: typeof entry.license === 'string' ? entry.license : undefined,
  };
}

/** Subresource integrity: `sha512-` and base64. */
function sha512Of(integrity: unknown): string | undefined {
  const base64 = typeof integrity === 'string' ? /(?:^|\s)sha512-(\S+)/.exec(integrity)?.[1] : undefined;
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('hex');
}

/** The second is what npm itself keeps of the installed tree. */
const LOCK_FILES = ['package-lock.json', 'node_modules/.package-lock.json'];

function lockedPackages(root: string): Readonly<Record<string, LockedPackage>> {
  const text = LOCK_FILES.map((name) => textOf(join(root, name))).find((each) => each !== undefined);
  const lock: { readonly packages?: Readonly<Record<string, LockedPackage>> } = JSON.parse(text ?? '{}');
  if (lock.packages !== undefined) return lock.packages;
  throw new OmpayError('configInvalid', `there is no package-lock.json in ${root}`, { hint: 'npm ci' });
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** github.com/package-url/purl-spec, type npm: the `@` of a scope is percent-encoded. */
function purlOf({ name, version }: Pick<BundledPackage, 'name' | 'version'>): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

/** CycloneDX 1.6 as JSON (ECMA-424). The same release gives the same bytes: there is no time and no serial number in it. */
export function billOfMaterials(about: {
  readonly version: string;
  readonly packages: readonly BundledPackage[];
  readonly runtime: Runtime;
}): string {
  const application = `pkg:generic/ompay@${about.version}`;
  const components = [...about.packages.map(libraryOf), platformOf(about.runtime)];
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': application,
        name: 'ompay',
        version: about.version,
        purl: application,
      },
    },
    components,
    dependencies: [{ ref: application, dependsOn: components.map((component) => component['bom-ref']) }],
  };
  return `${JSON.stringify(document, null, 1)}\n`;
}

function libraryOf(each: BundledPackage) {
  const [scope, rest] = each.name.startsWith('@') ? each.name.split('/') : [undefined, each.name];
  const purl = purlOf(each);
  return {
    type: 'library',
    'bom-ref': purl,
    ...(scope === undefined ? {} : { group: scope }),
    name: rest ?? each.name,
    version: each.version,
    ...(each.sha512 === undefined ? {} : { hashes: [{ alg: 'SHA-512', content: each.sha512 }] }),
    ...(each.license === undefined ? {} : { licenses: [licenseOf(each.license)] }),
    purl,
  };
}

function licenseOf(license: string) {
  return /[\s()]/.test(license) ? { expression: license } : { license: { name: license } };
}

function platformOf({ version, sha256, platform }: Runtime) {
  const purl = `pkg:generic/node@${version}?os=${platform.split('-')[0]}&arch=${platform.split('-')[1]}`;
  return {
    type: 'platform',
    'bom-ref': purl,
    name: 'node',
    version,
    hashes: [{ alg: 'SHA-256', content: sha256 }],
    purl,
  };
}
