import type { Slots } from '../../../src/check/sources.ts';
import { after, ago, done, HOUR_MS, type KindCases, NOW_MS, runSeen } from '../sources.ts';

const probe = { allowed: 0 };
const switched = after(runSeen('R', { steps: [done('switch', 'switch', {}, ago(1))] }));
const SINCE_MS = NOW_MS - HOUR_MS;

function live(restarts = 0): { slots: () => Promise<Slots> } {
  const seen = { release: 'new', pid: 7, restarts, sinceMs: 0 };
  return { slots: async () => ({ live: 'green', slots: { blue: { ...seen, restarts: 9 }, green: seen } }) };
}

function wrote(...lines: readonly (string | { level: number; time: number })[]) {
  const texts = lines.map((line) =>
    typeof line === 'string' ? line : JSON.stringify({ ...line, msg: 'x' }),
  );
  return { logLines: async (slot: string) => (slot === 'green' ? texts : ['{"level":60,"time":9e15}']) };
}

export const cases: KindCases = {
  kind: 'error-logs',
  pass: [
    {
      title: 'quiet since the switch, whatever was before it',
      probe,
      sources: {
        ...switched,
        ...live(),
        ...wrote(
          { level: 50, time: SINCE_MS - 1 },
          { level: 40, time: NOW_MS },
          'plain text',
          '{"level":50',
          '{}',
        ),
      },
      says: '0 lines at error level from green',
    },
    {
      title: 'as many as are borne',
      probe: { allowed: 1 },
      sources: { ...switched, ...live(), ...wrote({ level: 50, time: NOW_MS }) },
      says: '1 lines at error level',
    },
  ],
  fail: [
    {
      title: 'an error at the very moment',
      probe,
      sources: { ...switched, ...live(), ...wrote({ level: 50, time: SINCE_MS }) },
      says: '1 lines at error level',
    },
    {
      title: 'a death, which may leave no line',
      probe,
      sources: { ...switched, ...live(2), ...wrote() },
      says: 'died and was started again, 2 times',
    },
  ],
  unknown: [
    { title: 'nothing runs', probe, sources: {}, says: 'nothing is live here' },
    {
      title: 'nothing is live',
      probe,
      sources: { slots: async () => ({ ...(await live().slots()), live: null }) },
      says: 'nothing is live here',
    },
    { title: 'no switch is known', probe, sources: live(), says: 'the journal tells of no switch' },
    {
      title: 'a log that cannot be read',
      probe,
      sources: { ...switched, ...live(), logLines: () => Promise.reject(new Error('EACCES')) },
      says: 'EACCES',
    },
  ],
};
