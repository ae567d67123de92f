import { familyNamed } from './facts.ts';
import type { Family } from './families.ts';
import type { HostInput } from './input.ts';
import { changesOf } from './look.ts';
import type { HostChanges } from './plan.ts';
import { idOf, type Resource } from './resource.ts';
import type { Role } from './role.ts';

/** What one host is to be: its roles with their resources. */
export interface Declared {
  readonly input: HostInput;
  readonly family: Family;
  readonly roles: readonly DeclaredRole[];
  /** Of all roles, each once. */
  readonly resources: readonly Resource[];
  readonly notes: readonly string[];
}

export interface DeclaredRole {
  readonly role: Role<HostInput>;
  readonly resources: readonly Resource[];
}

/** Pure. Two roles may declare the same thing (a package, a folder); the first to do so has it. */
export function declare(roles: readonly Role<HostInput>[], input: HostInput): Declared {
  const family = familyNamed(input.facts.family);
  const seen = new Set<string>();
  const declared = roles
    .filter((role) => role.isOn(input))
    .map((role) => ({
      role,
      resources: role.resources(input, family).filter((resource) => {
        const id = idOf(resource);
        if (seen.has(id)) return false;
        seen.add(id);
        return true;
      }),
    }));
  return {
    input,
    family,
    roles: declared,
    resources: declared.flatMap(({ resources }) => resources),
    notes: declared.flatMap(({ role }) => role.notes?.(input) ?? []),
  };
}

/** What is not as declared, by what the look at the host printed. Pure. */
export function changesIn(
  { input, family, roles, resources }: Declared,
  printed: string,
  mark: string,
): HostChanges {
  const changes = changesOf(resources, printed, { mark, family });
  return {
    host: input.host.name,
    roles: roles.map(({ role, resources: own }) => {
      const ids = new Set(own.map(idOf));
      return {
        role: role.name,
        isGuarded: role.guard !== null,
        changes: changes.filter(({ resource }) => ids.has(resource)),
      };
    }),
  };
}
