import { defineKind } from '../kind.ts';
import { fail, pass, unknown } from '../types.ts';

/** The automatic rollback, tried up to the switch: its plan can be made, and its target answers or loads. */
export const rollbackWorks = defineKind<object>({
  kind: 'rollback-works',
  schema: {},
  timeoutMs: 25_000,
  look: async (_probe, sources, { signal }) => {
    const trial = await sources.tryRollback(signal);
    if (trial === undefined)
      return unknown(
        'there is no release to go back to',
        'it is known after the second deploy: ompay deploy',
      );
    if (trial.works) return pass(trial.seen);
    // Within a deploy the way back leads to what is live now: when that is not well, its successor must not be kept back.
    if ((await sources.currentRun()) !== undefined)
      return unknown(`what is live is not well itself: ${trial.seen}`, 'ompay logs');
    return fail(trial.seen, 'a release that can be switched to', 'ompay rollback --plan');
  },
});
