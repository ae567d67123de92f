import type { Secrets } from '../config/env-file.ts';
import { OmpayError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';

export interface Edit {
  /** What the operator was shown. */
  readonly before: Secrets;
  readonly edited: Secrets;
  /** What is there once the operator is done. */
  readonly now: Secrets;
}

/**
 * What was edited, upon what is there by now: a name that the operator left alone keeps the others' value. Throws
 * `stateUnusable` naming what both changed, differently.
 */
export function mergeSecrets({ before, edited, now }: Edit): Secrets {
  const names = [...new Set([...before.keys(), ...edited.keys(), ...now.keys()])];
  const isChanged = (name: string): boolean => !isSame(before.get(name), edited.get(name));
  const clashes = names.filter(
    (name) =>
      isChanged(name) && !isSame(before.get(name), now.get(name)) && !isSame(edited.get(name), now.get(name)),
  );
  if (clashes.length > 0) {
    throw new OmpayError('stateUnusable', `meanwhile someone else changed ${clashes.join(', ')} too`, {
      hint: 'nothing was written; look at what is there now, and edit it again: ompay secrets edit',
    });
  }
  return new Map(
    names.flatMap((name) => {
      const value = (isChanged(name) ? edited : now).get(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

function isSame(one: Secret | undefined, other: Secret | undefined): boolean {
  return one?.reveal() === other?.reveal();
}
