import type { JsonObject } from '../../../src/plan/plan.ts';
import { ago, type KindCases } from '../sources.ts';

const probe = { name: 'tests', command: 'npm test', coveragePercent: 100 };
const WELL = { passed: 900, failed: 0, skipped: 2, linesPercent: 100, branchesPercent: 100 };

function seen(figures: JsonObject, subject = 'this') {
  return { evidence: async () => ({ name: 'tests', at: ago(2), subject, commit: 'abc', figures }) };
}

export const cases: KindCases = {
  kind: 'evidence',
  pass: [
    {
      title: 'tested whole',
      probe,
      sources: seen(WELL),
      says: '900 passed, 0 failed, 2 skipped; coverage 100 % of lines',
    },
  ],
  fail: [
    { title: 'a test failed', probe, sources: seen({ ...WELL, failed: 1 }), says: '900 passed, 1 failed' },
    { title: 'nothing was tested', probe, sources: seen({ ...WELL, passed: 0 }), says: '0 passed' },
    { title: 'a line is not covered', probe, sources: seen({ ...WELL, linesPercent: 99.9 }), says: '99.9 %' },
    {
      title: 'a branch is not covered',
      probe,
      sources: seen({ ...WELL, branchesPercent: 99 }),
      says: '99 %',
    },
  ],
  unknown: [
    { title: 'never tested', probe, sources: {}, says: 'npm test has not been run here' },
    { title: 'another source was tested', probe, sources: seen(WELL, 'other'), says: 'another source (abc)' },
    {
      title: 'a machine where coverage does not count',
      probe,
      sources: seen({ passed: 900, failed: 0, skipped: 40 }),
      says: 'coverage was not measured',
    },
  ],
};
