import { Secret } from '../core/secret.ts';
import type { Plan } from '../plan/plan.ts';
import { planText } from '../plan/text.ts';
import type { Declared } from './declare.ts';
import { differenceOf } from './difference.ts';
import type { Change } from './kind.ts';
import type { HostChanges } from './plan.ts';

/** One host's part of `--plan`. */
export interface ShownHost {
  readonly declared: Declared;
  readonly changes: HostChanges;
  readonly plans: readonly Plan[];
  /** Of files whose content is to be replaced, as they are now. */
  readonly contents: ReadonlyMap<string, string>;
}

/** For people: everything that is not as declared with its difference, then every step. */
export function shownPlan({ declared, changes, plans, contents }: ShownHost): string {
  const { facts, host } = declared.input;
  const found = changes.roles.flatMap(({ role, changes: own }) =>
    own.map(
      (change) =>
        `  ${role}: ${change.resource}: ${change.shown}\n${indented(difference(change, declared, contents))}`,
    ),
  );
  const head = `${host.name} (${facts.title}): ${found.length === 0 ? 'as declared' : `${found.length} changes`}\n`;
  const notes = declared.notes.map((note) => `  note: ${note}\n`);
  return [head, ...notes, ...found, ...plans.map(planText)].join('');
}

/** For scripts: the same as one object. */
export function planDocument({ declared, changes, plans, contents }: ShownHost) {
  return {
    host: changes.host,
    facts: declared.input.facts,
    notes: declared.notes,
    changes: changes.roles.flatMap(({ role, changes: own }) =>
      own.map((change) => ({
        role,
        resource: change.resource,
        shown: change.shown,
        difference: difference(change, declared, contents),
      })),
    ),
    plans,
  };
}

/** Paths whose present content `--plan` compares: of those with secrets nothing is fetched. */
export function comparedPaths(declared: Declared, changes: HostChanges): readonly string[] {
  return changes.roles
    .flatMap((role) => role.changes)
    .flatMap(({ writes }) =>
      writes === undefined || contentAt(declared, writes) === undefined ? [] : [writes],
    );
}

function difference(
  { writes }: Change,
  declared: Declared,
  contents: ReadonlyMap<string, string>,
): readonly string[] {
  if (writes === undefined) return [];
  const content = contentAt(declared, writes);
  return content === undefined
    ? ['(it holds a secret: no difference is shown)']
    : differenceOf(contents.get(writes) ?? '', content);
}

/** Undefined for a secret one. */
function contentAt({ resources }: Declared, path: string): string | undefined {
  const file = resources.find((each) => each.kind === 'file' && each.path === path);
  return file?.kind !== 'file' || file.content instanceof Secret ? undefined : file.content;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `      ${line}\n`).join('');
}
