import { after, done, failed, type KindCases, runSeen, within } from '../sources.ts';

const passed = runSeen('R1', { steps: [done('prepare', 'smoke')] });
const broken = runSeen('R2', { steps: [failed('prepare', 'smoke', 'debits are not credits')] });

export const cases: KindCases = {
  kind: 'smoke',
  pass: [
    { title: 'in this run', sources: within(passed), says: 'passed in run R1' },
    { title: 'in the newest that ran one', sources: after(broken, passed, runSeen('R3')), says: 'run R1' },
  ],
  fail: [
    { title: 'in this run', sources: within(broken), says: 'failed in run R2: debits are not credits' },
    { title: 'in the newest', sources: after(passed, broken), says: 'failed in run R2' },
  ],
  unknown: [
    { title: 'never', sources: {}, says: 'no smoke test was run here yet' },
    {
      title: 'not yet in this run, whatever others did',
      sources: { ...after(passed), currentRun: async () => runSeen('R4') },
      says: 'this run has not reached it',
    },
  ],
};
