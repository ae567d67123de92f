import { OmpayError } from '../core/errors.ts';

/** The variables that hold the application's keys, as text. */
export type KeyVariables = Readonly<Record<string, string | undefined>>;

/**
 * The steps of a rotation, each a change of the variables that is deployed before the next. Two processes that run side by
 * side always know the keys of both: first the next key is made known, then it becomes the one that seals.
 */
export const ROTATION = {
  /** @param key a new one, as APP_KEY is written. */
  prepare: (variables: KeyVariables, key: string): KeyVariables => ({ ...variables, APP_NEXT_KEY: key }),

  activate: (variables: KeyVariables): KeyVariables => ({
    ...variables,
    APP_KEY: variables.APP_NEXT_KEY,
    APP_NEXT_KEY: undefined,
    APP_PREVIOUS_KEYS: [variables.APP_KEY, ...previous(variables)].join(','),
  }),

  /** The step before: a next key is forgotten, or the present one becomes the next again. Throws `checkBlocked`. */
  undo: (variables: KeyVariables): KeyVariables => {
    if (variables.APP_NEXT_KEY) return { ...variables, APP_NEXT_KEY: undefined };
    const [last, ...older] = previous(variables);
    if (last === undefined) {
      throw new OmpayError('checkBlocked', 'there is no rotation to undo: one key is known', {
        hint: 'ompay api keys list',
      });
    }
    return {
      ...variables,
      APP_KEY: last,
      APP_NEXT_KEY: variables.APP_KEY,
      APP_PREVIOUS_KEYS: older.length === 0 ? undefined : older.join(','),
    };
  },

  /** Forgets every former key. */
  retire: (variables: KeyVariables): KeyVariables => ({ ...variables, APP_PREVIOUS_KEYS: undefined }),
} as const;

function previous({ APP_PREVIOUS_KEYS }: KeyVariables): readonly string[] {
  return (APP_PREVIOUS_KEYS ?? '').split(',').filter((each) => each !== '');
}
