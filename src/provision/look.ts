import { type Shell, sh } from '../shell/line.ts';
import type { Family } from './families.ts';
import type { Change } from './kind.ts';
import { KINDS } from './kinds/index.ts';
import type { Resource, ResourceKind, ResourceOf } from './resource.ts';

/** One script that prints all that is to be known of a host: one round trip, some ten processes. */
export function lookAll(resources: readonly Resource[], { mark, family }: Asked): Shell {
  return kindsIn(resources).reduce<Shell>(
    (script, kind) => sh`${script}printf '\n%s %s\n' ${mark} ${kind}\n${look(kind, resources, family)}\n`,
    sh`export LC_ALL=C\n`,
  );
}

/** What is not as declared, in the order of kinds. Throws when a section is missing: half a look is none. */
export function changesOf(resources: readonly Resource[], printed: string, asked: Asked): readonly Change[] {
  const sections = sectionsOf(printed, asked.mark);
  return kindsIn(resources).flatMap((kind) => {
    const section = sections.get(kind);
    if (section === undefined) throw new RangeError(`the look at the host has no section for ${kind}`);
    return changes(kind, resources, { printed: section, family: asked.family });
  });
}

export interface Asked {
  /** Begins each section; drawn at random, so that no content of the host can look like one. */
  readonly mark: string;
  readonly family: Family;
}

function look<K extends ResourceKind>(kind: K, resources: readonly Resource[], family: Family): Shell {
  return KINDS[kind].look(ofKind(kind, resources), family);
}

function changes<K extends ResourceKind>(
  kind: K,
  resources: readonly Resource[],
  { printed, family }: { readonly printed: string; readonly family: Family },
): readonly Change[] {
  return KINDS[kind].changes(ofKind(kind, resources), printed, family);
}

function ofKind<K extends ResourceKind>(kind: K, resources: readonly Resource[]): readonly ResourceOf<K>[] {
  return resources.filter((resource): resource is ResourceOf<K> => resource.kind === kind);
}

function kindsIn(resources: readonly Resource[]): readonly ResourceKind[] {
  const present = new Set(resources.map(({ kind }) => kind));
  return Object.values(KINDS)
    .map(({ kind }) => kind)
    .filter((kind) => present.has(kind));
}

function sectionsOf(printed: string, mark: string): ReadonlyMap<string, string> {
  const [, ...parts] = `\n${printed}`.split(`\n${mark} `);
  return new Map(
    parts.map((part): [string, string] => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end + 1)];
    }),
  );
}
