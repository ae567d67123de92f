import { type Shell, sh } from '../shell/line.ts';
import { FACTS } from './facts.ts';
import type { Family } from './families.ts';
import type { Change } from './kind.ts';
import { KINDS } from './kinds/index.ts';
import { idOf, type Resource, type ResourceKind, type ResourceOf } from './resource.ts';

export interface Asked {
  /** Begins each section; drawn at random, so that no content of the host can look like one. */
  readonly mark: string;
  readonly family: Family;
}

const FACTS_SECTION = 'facts';

/** One script that prints all that is to be known of a host: one round trip, some ten processes. */
export function lookAll(resources: readonly Resource[], { mark, family }: Asked): Shell {
  const facts = sh`export LC_ALL=C\nprintf '\n%s %s\n' ${mark} ${FACTS_SECTION}\n${FACTS}`;
  const sections = kindsIn(resources).reduce<Shell>(
    (script, kind) => sh`${script}printf '\n%s %s\n' ${mark} ${kind}\n${look(kind, resources, family)}\n`,
    facts,
  );
  return sh`${sections}printf '\n%s end\n' ${mark}`;
}

/** What the look printed of facts, for `readFacts`. */
export function factsIn(printed: string, { mark }: Pick<Asked, 'mark'>): string {
  return sectionsOf(printed, mark).get(FACTS_SECTION) ?? '';
}

/** What is not as declared, in the order in which it was declared. Throws when a section is missing: half a look is none. */
export function changesOf(resources: readonly Resource[], printed: string, asked: Asked): readonly Change[] {
  const sections = sectionsOf(printed, asked.mark);
  if (!sections.has('end')) throw new RangeError('the look at the host has no end');
  const places = new Map(resources.map((resource, index) => [idOf(resource), index]));
  return kindsIn(resources)
    .flatMap((kind) => {
      const section = sections.get(kind);
      if (section === undefined) throw new RangeError(`the look at the host has no section for ${kind}`);
      return changes(kind, resources, section);
    })
    .toSorted((a, b) => (places.get(a.resource) ?? 0) - (places.get(b.resource) ?? 0));
}

function look<K extends ResourceKind>(kind: K, resources: readonly Resource[], family: Family): Shell {
  return KINDS[kind].look(ofKind(kind, resources), family);
}

function changes<K extends ResourceKind>(
  kind: K,
  resources: readonly Resource[],
  printed: string,
): readonly Change[] {
  return KINDS[kind].changes(ofKind(kind, resources), printed);
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
      const [name = '', ...rest] = part.split('\n');
      return [name, rest.join('\n')];
    }),
  );
}
