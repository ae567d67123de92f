import { ago, type KindCases } from '../sources.ts';

const probe = { maxAgeHours: 24, failFrom: 'high' };

function seen(vulnerabilities: Readonly<Record<string, number>>) {
  return { audit: async () => ({ at: ago(2), packages: 120, vulnerabilities }) };
}

export const cases: KindCases = {
  kind: 'dependency-audit',
  pass: [
    { title: 'nothing is known', probe, sources: seen({ high: 0 }), says: 'no known vulnerability in 120' },
    { title: 'below the limit', probe, sources: seen({ low: 2, moderate: 1 }), says: '2 low, 1 moderate' },
  ],
  fail: [
    {
      title: 'at the limit',
      probe,
      sources: seen({ low: 2, high: 1 }),
      says: '2 low, 1 high in 120 packages',
    },
    { title: 'above the limit', probe, sources: seen({ critical: 1 }), says: '1 critical' },
  ],
  unknown: [
    { title: 'no audit, no network', probe, sources: {}, says: 'a deploy asks no registry' },
    {
      title: 'a registry without audits',
      probe,
      sources: { audit: () => Promise.reject(new Error('the registry gave no audit (405)')) },
      says: 'gave no audit (405)',
    },
  ],
};
