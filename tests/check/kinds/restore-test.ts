import { ago, type KindCases } from '../sources.ts';

const probe = { maxAgeDays: 32 };
const DAY_HOURS = 24;

function seen(ageDays: number, how: { readonly passed?: boolean; readonly problem?: string } = {}) {
  const test = { at: ago(ageDays * DAY_HOURS), store: 's3', passed: true, problem: '', ...how };
  return { restoreTest: async () => test };
}

export const cases: KindCases = {
  kind: 'restore-test',
  pass: [{ title: 'a month ago', probe, sources: seen(31), says: 'restored from s3' }],
  fail: [
    { title: 'overdue', probe, sources: seen(33), says: 'at most 32 days old' },
    {
      title: 'failed',
      probe,
      sources: seen(1, { passed: false, problem: 'its hash is wrong' }),
      says: 'failed 24 h ago: its hash is wrong',
    },
    {
      title: 'restored, but too slowly',
      probe,
      sources: seen(1, { passed: false }),
      says: 'a target was missed',
    },
  ],
  unknown: [
    { title: 'none yet', probe, sources: {}, says: 'no restore was tested yet' },
    {
      title: 'its record was changed',
      probe,
      sources: { restoreTest: () => Promise.reject(new Error('not as it was signed')) },
      says: 'not as it was signed',
    },
  ],
};
