import type { JsonObject } from '../../../src/plan/plan.ts';
import { ago, type KindCases } from '../sources.ts';

const probe = {
  name: 'switch',
  command: 'npm run bench:switch',
  bounds: [
    { figure: 'failedRequests', max: 0 },
    { figure: 'controlFailedRequests', min: 1 },
  ],
};

function seen(figures: JsonObject, subject = 'this') {
  return { evidence: async () => ({ name: 'switch', at: ago(2), subject, commit: null, figures }) };
}

export const cases: KindCases = {
  kind: 'benchmark',
  pass: [
    {
      title: 'within every bound',
      probe,
      sources: seen({ failedRequests: 0, controlFailedRequests: 284 }),
      says: 'failedRequests 0, controlFailedRequests 284',
    },
  ],
  fail: [
    {
      title: 'a request failed',
      probe,
      sources: seen({ failedRequests: 1, controlFailedRequests: 284 }),
      says: 'failedRequests at most 0',
    },
    {
      title: 'a control that did not fail proves nothing',
      probe,
      sources: seen({ failedRequests: 0, controlFailedRequests: 0 }),
      says: 'controlFailedRequests at least 1',
    },
  ],
  unknown: [
    { title: 'never measured', probe, sources: {}, says: 'has not been run here' },
    {
      title: 'another source was measured',
      probe,
      sources: seen({ failedRequests: 0, controlFailedRequests: 1 }, 'other'),
      says: 'on another source',
    },
    {
      title: 'an older bench without the figure',
      probe,
      sources: seen({ failedRequests: 0 }),
      says: 'no figure "controlFailedRequests"',
    },
  ],
};
