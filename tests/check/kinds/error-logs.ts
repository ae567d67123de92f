import type { CheckSources, SlotSeen } from '../../../src/check/sources.ts';
import { after, ago, done, HOUR_MS, type KindCases, NOW_MS, runSeen } from '../sources.ts';

const probe = { allowedNew: 0, comparedHours: 2 };
const switched = after(runSeen('R', { steps: [done('switch', 'switch', {}, ago(1))] }));
const SINCE_MS = NOW_MS - HOUR_MS;

function running(live: Partial<SlotSeen> = {}): Partial<CheckSources> {
  const slot = { release: 'new', pid: 7, restarts: 0, sinceMs: 0 };
  const slots = { blue: { ...slot, release: 'old', restarts: 9 }, green: { ...slot, ...live } };
  return { slots: async () => ({ live: 'green', slots }) };
}

function line(level: string, timeMs: number, message = 'x', error = 'y 1'): string {
  const at = new Date(timeMs).toISOString();
  return JSON.stringify({ 'log.level': level, '@timestamp': at, message, 'error.message': error });
}

function wrote(green: readonly string[], blue: readonly string[] = []): Partial<CheckSources> {
  return { ...switched, ...running(), logLines: async (slot) => (slot === 'green' ? green : blue) };
}

export const cases: KindCases = {
  kind: 'error-logs',
  pass: [
    {
      title: 'quiet since the switch, whatever was before it',
      probe,
      sources: wrote([
        line('error', SINCE_MS - 1),
        line('warn', NOW_MS),
        'plain text',
        '{"log.level":"error"',
        '{}',
      ]),
      says: '0 lines at error level from green since 2026-01-01T23:00:00.000Z',
    },
    {
      title: 'what the release before wrote too, but for its numbers',
      probe,
      sources: wrote([line('error', NOW_MS, 'x', 'y 77')], [line('error', SINCE_MS - 2 * HOUR_MS)]),
      says: '1 lines at error level from green since 2026-01-01T23:00:00.000Z, 0 of new kinds',
    },
    {
      title: 'what a release from before the schema wrote too, in its own names',
      probe,
      sources: wrote(
        [line('error', NOW_MS, 'x', 'y 77')],
        [JSON.stringify({ level: 50, time: SINCE_MS, msg: 'x', err: { message: 'y 1' } })],
      ),
      says: '0 of new kinds',
    },
    {
      title: 'as many as are borne',
      probe: { ...probe, allowedNew: 1 },
      sources: wrote([line('error', NOW_MS)]),
      says: '1 of new kinds: x (y #)',
    },
    {
      title: 'lines from before its process began',
      probe,
      sources: { ...wrote([line('error', NOW_MS - 2)]), ...running({ sinceMs: NOW_MS - 1 }) },
      says: '0 lines at error level',
    },
  ],
  fail: [
    {
      title: 'an error at the very moment',
      probe,
      sources: wrote([line('error', SINCE_MS)]),
      says: '1 of new kinds: x (y #)',
    },
    {
      title: 'worse than an error, without a cause',
      probe,
      sources: wrote([line('fatal', NOW_MS)]),
      says: '1 of',
    },
    {
      title: 'what the release before wrote longer ago',
      probe,
      sources: wrote([line('error', NOW_MS)], [line('error', SINCE_MS - 2 * HOUR_MS - 1)]),
      says: '1 of new kinds',
    },
    {
      title: 'what the release before wrote at a lower level, or of another kind',
      probe,
      sources: wrote([line('error', NOW_MS)], [line('warn', SINCE_MS), line('error', SINCE_MS, 'x', 'z')]),
      says: '1 of new kinds',
    },
    {
      title: 'a death, with what it wrote before it',
      probe,
      sources: { ...wrote([line('error', SINCE_MS)]), ...running({ restarts: 2, sinceMs: NOW_MS }) },
      says: '1 of new kinds: x (y #); its process died 2 times',
    },
    {
      title: 'a death that left no line',
      probe,
      sources: { ...wrote([]), ...running({ restarts: 1 }) },
      says: 'died 1 times',
    },
  ],
  unknown: [
    { title: 'nothing runs', probe, sources: {}, says: 'nothing is live here' },
    {
      title: 'nothing is live',
      probe,
      sources: {
        slots: async () => {
          const slot = { release: 'new', pid: 7, restarts: 0, sinceMs: 0 };
          return { live: null, slots: { blue: slot, green: slot } };
        },
      },
      says: 'nothing is live here',
    },
    { title: 'no switch is known', probe, sources: running(), says: 'the journal tells of no switch' },
    {
      title: 'a log that cannot be read',
      probe,
      sources: { ...wrote([]), logLines: () => Promise.reject(new Error('EACCES')) },
      says: 'EACCES',
    },
  ],
};
