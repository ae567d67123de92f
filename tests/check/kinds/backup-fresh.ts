import { ago, done, type KindCases, runSeen, within } from '../sources.ts';

const probe = { maxAgeHours: 24 };

function seen(ageHours: number) {
  return { backups: async () => [{ id: '01B', finishedAt: ago(ageHours), copies: [] }] };
}

export const cases: KindCases = {
  kind: 'backup-fresh',
  pass: [
    {
      title: 'made by this run, however old the listed ones are',
      probe,
      sources: {
        ...seen(99),
        ...within(runSeen('R', { steps: [done('migrate', 'backup', { backup: '01C' })] })),
      },
      says: '01C, made and proven by this run',
    },
    {
      title: 'a first run had no data',
      probe,
      sources: within(runSeen('R', { steps: [done('migrate', 'backup', { shown: 'no data' })] })),
      says: 'there was no data yet',
    },
    { title: 'fresh', probe, sources: seen(24), says: '01B, proven 24 h ago' },
  ],
  fail: [{ title: 'too old', probe, sources: seen(24.1), says: 'at most 24 h old' }],
  unknown: [
    { title: 'none', probe, sources: {}, says: 'there is no backup yet' },
    {
      title: 'a list that cannot be read',
      probe,
      sources: { backups: () => Promise.reject(new Error('the catalogue was changed')) },
      says: 'the catalogue was changed',
    },
  ],
};
