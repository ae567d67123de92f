import { ago, type KindCases } from '../sources.ts';

function seen(state: string) {
  return { teamMessage: async () => ({ run: 'R', at: ago(1), subject: 'abc is live', state }) };
}

export const cases: KindCases = {
  kind: 'team-told',
  pass: [{ title: 'told', sources: seen('delivered'), says: '"abc is live" delivered' }],
  fail: [{ title: 'no way took it', sources: seen('failed'), says: '"abc is live" failed' }],
  unknown: [
    { title: 'no message', sources: {}, says: 'no message to the team' },
    {
      title: 'no way is configured',
      sources: seen('notConfigured'),
      says: 'no way to tell the team is configured',
    },
    { title: 'killed while it told them', sources: seen('pending'), says: 'pending' },
  ],
};
