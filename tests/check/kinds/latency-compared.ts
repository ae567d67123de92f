import type { JsonObject } from '../../../src/plan/plan.ts';
import { after, ago, type KindCases, runSeen, within } from '../sources.ts';

const BEFORE = { requests: 800, failed: 0, p95Ms: 12 };
const WELL = {
  verdict: 'well',
  reasons: [],
  comparedLatency: ['users'],
  baseline: BEFORE,
  after: { requests: 700, failed: 1, p95Ms: 13 },
};

function watched(data: JsonObject) {
  return runSeen('R', { evidence: [{ at: ago(1), kind: 'observation', data }] });
}

export const cases: KindCases = {
  kind: 'latency-compared',
  pass: [
    {
      title: 'in this run',
      sources: within(watched(WELL)),
      says: 'before: 800 requests, 0 failed, P95 12 ms; after: 700 requests, 1 failed, P95 13 ms',
    },
    {
      title: 'in the newest run that watched',
      sources: after(watched(WELL), runSeen('S')),
      says: 'P95 13 ms',
    },
  ],
  fail: [
    {
      title: 'it was not well',
      sources: after(watched({ ...WELL, verdict: 'bad', reasons: ['P95 doubled'] })),
      says: 'P95 doubled (before: 800 requests',
    },
  ],
  unknown: [
    { title: 'never watched', sources: {}, says: 'no release was watched' },
    {
      title: 'not in this run, whatever others saw',
      sources: { ...after(watched(WELL)), currentRun: async () => runSeen('S') },
      says: 'no release was watched',
    },
    {
      title: 'inconclusive',
      sources: after(watched({ ...WELL, verdict: 'inconclusive', reasons: ['12 requests'] })),
      says: 'did not decide: 12 requests',
    },
    {
      title: 'a first release',
      sources: after(watched({ ...WELL, baseline: null })),
      says: 'before: nothing',
    },
    {
      title: 'an idle old release',
      sources: after(watched({ ...WELL, baseline: { ...BEFORE, requests: 0 }, comparedLatency: [] })),
      says: 'too little to compare with (before: 0 requests',
    },
  ],
};
