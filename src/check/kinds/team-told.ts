import { defineKind } from '../kind.ts';
import { fail, pass, unknown } from '../types.ts';

/** The team was told of this run, else of the newest that told; the message is kept beside the report. */
export const teamTold = defineKind<object>({
  kind: 'team-told',
  schema: {},
  look: async (_probe, sources) => {
    const message = await sources.teamMessage();
    if (message === undefined) return unknown('no message to the team is kept yet', 'ompay deploy');
    const { run, at, state, subject } = message;
    if (state === 'notConfigured')
      return unknown(
        'no way to tell the team is configured',
        'set TEAM_WEBHOOK_URL or TEAM_MAIL_TO in .env (docs/config.md)',
      );
    const observed = `run ${run}, ${at}: "${subject}" ${state}`;
    if (state === 'delivered') return pass(observed);
    const hint = `ompay report ${run}`;
    if (state === 'failed') return fail(observed, 'one channel at least takes the message', hint);
    return unknown(observed, hint);
  },
});
