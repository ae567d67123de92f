import { defineKind } from '../kind.ts';
import { fail, pass, unknown } from '../types.ts';

/** The version to go back to is kept under its name, as it was built, and was live and well. */
export const releaseKept = defineKind<object>({
  kind: 'release-kept',
  schema: {},
  look: async (_probe, sources) => {
    const previous = await sources.previousRelease();
    if (previous === undefined)
      return unknown(
        'no release was live before this one',
        'it is known after the second deploy: ompay deploy',
      );
    const { id, version, commit, damaged, wasWell } = previous;
    const name = `${id} (${version}${commit === null ? '' : `, commit ${commit}`})`;
    if (damaged.length > 0)
      return fail(
        `${name} was changed since it was built: ${damaged.join(', ')}`,
        'as it was built',
        'ompay releases',
      );
    // A deploy that was killed left it; that it was not watched does not say that it is bad.
    if (!wasWell) return unknown(`${name} was never watched to the end`, 'deploy it again: ompay deploy');
    return pass(`${name} is kept, undamaged, and was live and well`);
  },
});
