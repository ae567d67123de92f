import type { Action } from '../plan/plan.ts';
import type { Shell } from '../shell/line.ts';
import type { Family } from './families.ts';
import type { ResourceKind, ResourceOf, Told } from './resource.ts';

/** One thing on a host that is not as declared, and what makes it so. */
export interface Change {
  /** Of the resource (`idOf`). */
  readonly resource: string;
  /** For people: `mode 0644 → 0600`, `not installed`. Never a secret. */
  readonly shown: string;
  /** The file whose content it replaces: `--plan` shows the difference. */
  readonly writes?: string;
  readonly actions: readonly ChangeAction[];
  readonly tells: readonly Told[];
}

export interface ChangeAction {
  readonly title: string;
  readonly action: Action;
  readonly undo?: Action;
}

/** How one kind of resource is looked at and changed. Adding a kind is one file and a line in kinds/index.ts. */
export interface Kind<K extends ResourceKind> {
  readonly kind: K;
  /** Lines that print what the host has of all of them, in the C locale; they change nothing. */
  look(resources: readonly ResourceOf<K>[], family: Family): Shell;
  /** What is not as declared, by what the lines printed. Pure. */
  changes(resources: readonly ResourceOf<K>[], printed: string): readonly Change[];
}

export function defineKind<K extends ResourceKind>(kind: Kind<K>): Kind<K> {
  return kind;
}
