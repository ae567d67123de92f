import { ago, done, type KindCases, runSeen, within } from '../sources.ts';

const probe = { level: 1 };
const copy = { store: 'this-disk', verifiedAt: ago(1) };

function seen(...copies: readonly (typeof copy & { failedAt?: string })[]) {
  return { backups: async () => [{ id: '01B', finishedAt: ago(1), copies }] };
}

export const cases: KindCases = {
  kind: 'backup-data',
  pass: [
    { title: 'read back now', probe, sources: seen(copy), says: '01B in this-disk: read back' },
    {
      title: 'proven by this run: not read again',
      probe,
      sources: {
        ...seen(copy),
        ...within(runSeen('R', { steps: [done('migrate', 'backup', { backup: '01B' })] })),
        readBack: () => Promise.reject(new Error('read again')),
      },
      says: 'started and proven by this run',
    },
  ],
  fail: [
    {
      title: 'found damaged now',
      probe,
      sources: { ...seen(copy), readBack: async () => ({ works: false, seen: 'its hash is wrong' }) },
      says: '01B: its hash is wrong',
    },
    {
      title: 'one of two copies was found damaged before',
      probe,
      sources: seen(copy, { ...copy, store: 'far', failedAt: ago(0.5) }),
      says: '01B is damaged in far',
    },
  ],
  unknown: [
    { title: 'none', probe, sources: {}, says: 'there is no backup yet' },
    {
      title: 'another backup is being made',
      probe,
      sources: { ...seen(copy), readBack: () => Promise.reject(new Error('the lock is held')) },
      says: 'the lock is held',
    },
  ],
};
