import type { Checklist } from '../../../check/types.ts';
import { OmpayError } from '../../../core/errors.ts';

/** The list that was named, or all. Throws `notFound` naming those that exist. */
export function chosenLists(lists: readonly Checklist[], wanted: string | undefined): readonly Checklist[] {
  if (wanted === undefined) return lists;
  const chosen = lists.filter(({ name }) => name === wanted);
  if (chosen.length > 0) return chosen;
  const names = lists.map(({ name }) => name).join(', ');
  throw new OmpayError('notFound', `no checklist is named ${JSON.stringify(wanted)}; there are ${names}`, {
    hint: 'ompay check list',
  });
}
