import type { KindCases } from '../sources.ts';

function seen(...told: readonly boolean[]) {
  const channels = told.map((each, index) => ({
    channel: `way ${index}`,
    told: each,
    answer: each ? '200' : 'refused',
  }));
  return { teamMessage: async () => ({ run: 'R', channels }) };
}

export const cases: KindCases = {
  kind: 'team-told',
  pass: [
    { title: 'told', sources: seen(true), says: 'run R: way 0: 200' },
    { title: 'one way is enough', sources: seen(false, true), says: 'way 0: refused, way 1: 200' },
  ],
  fail: [{ title: 'no way took it', sources: seen(false, false), says: 'way 1: refused' }],
  unknown: [
    { title: 'no message', sources: {}, says: 'no message to the team' },
    { title: 'no way is configured', sources: seen(), says: 'no way to tell the team is configured' },
  ],
};
