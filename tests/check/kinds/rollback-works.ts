import { type KindCases, runSeen } from '../sources.ts';

function seen(works: boolean) {
  return { tryRollback: async () => ({ works, seen: `blue answers ${works ? 200 : 503}` }) };
}

export const cases: KindCases = {
  kind: 'rollback-works',
  pass: [{ title: 'its target answers', sources: seen(true), says: 'blue answers 200' }],
  fail: [{ title: 'its target is not well', sources: seen(false), says: 'blue answers 503' }],
  unknown: [
    { title: 'nothing to go back to', sources: {}, says: 'no release to go back to' },
    {
      title: 'a live release that is not well must not keep its successor back',
      sources: { ...seen(false), currentRun: async () => runSeen('R') },
      says: 'what is live is not well itself: blue answers 503',
    },
  ],
};
