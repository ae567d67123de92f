import { after, ago, type KindCases, runSeen } from '../sources.ts';

const probe = { withinDays: 30 };
const DAY_HOURS = 24;

function rollback(name: string, exitCode: number, days = 1, previous = 'new') {
  const end = { at: ago(days * DAY_HOURS), exitCode, data: { release: 'old', previous } };
  return runSeen(name, { command: 'rollback', end });
}

export const cases: KindCases = {
  kind: 'rollback-rehearsed',
  pass: [
    { title: 'within the time', probe, sources: after(rollback('R', 0, 30)), says: 'run R, 30 days ago' },
    {
      title: 'one that was refused or interrupted later is no failure',
      probe,
      sources: after(rollback('R', 0), rollback('S', 4), rollback('T', 130), rollback('U', 2)),
      says: 'run R',
    },
  ],
  fail: [
    {
      title: 'the newest failed',
      probe,
      sources: after(rollback('R', 0), rollback('S', 6), rollback('T', 4)),
      says: 'run S failed',
    },
  ],
  unknown: [
    {
      title: 'the newest found its release not well and went back',
      probe,
      sources: after(rollback('R', 0), rollback('S', 5)),
      says: 'run S found its release not well',
    },
    { title: 'never', probe, sources: after(runSeen('R')), says: 'in the last 30 days' },
    { title: 'too long ago', probe, sources: after(rollback('R', 0, 31)), says: 'in the last 30 days' },
    { title: 'it had nothing to do', probe, sources: after(rollback('R', 0, 1, 'old')), says: 'no rollback' },
    {
      title: 'it was killed',
      probe,
      sources: after(runSeen('R', { command: 'rollback', end: undefined })),
      says: 'no rollback',
    },
  ],
};
