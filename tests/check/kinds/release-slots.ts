import type { SlotSeen, Slots } from '../../../src/check/sources.ts';
import { done, type KindCases, NOW_MS, runSeen, within } from '../sources.ts';

const EMPTY: SlotSeen = { release: null, pid: null, restarts: 0, sinceMs: null };
const run = runSeen('R', { steps: [done('build', 'release', { release: 'new' })] });
const startedMs = Date.parse(run.startedAt);

function slot(release: string, sinceMs: number): SlotSeen {
  return { release, pid: 7, restarts: 0, sinceMs };
}

function seen(live: Slots['live'], blue: SlotSeen, green: SlotSeen) {
  return { slots: async () => ({ live, slots: { blue, green } }) };
}

export const cases: KindCases = {
  kind: 'release-slots',
  pass: [
    {
      title: 'before the switch',
      sources: { ...within(run), ...seen('blue', slot('old', startedMs - 1), slot('new', NOW_MS)) },
      says: 'new runs in green, old in blue, since before this run',
    },
    {
      title: 'after the switch',
      sources: { ...within(run), ...seen('green', slot('old', startedMs - 1), slot('new', NOW_MS)) },
      says: 'old in blue, since before this run',
    },
    {
      title: 'a first deploy',
      sources: { ...within(run), ...seen(null, slot('new', NOW_MS), EMPTY) },
      says: 'nothing was live before',
    },
    {
      title: 'at rest',
      sources: seen('blue', slot('new', 0), slot('old', 0)),
      says: 'new is live in blue; old is warm in green',
    },
    {
      title: 'at rest after one deploy',
      sources: seen('blue', slot('new', 0), EMPTY),
      says: 'nothing is warm',
    },
  ],
  fail: [
    {
      title: 'what is live was started again',
      sources: { ...within(run), ...seen('blue', slot('old', startedMs + 1), slot('new', NOW_MS)) },
      says: 'started again meanwhile',
    },
    {
      title: 'what is live was stopped',
      sources: {
        ...within(run),
        ...seen('blue', { ...slot('old', 0), pid: null }, slot('new', NOW_MS)),
      },
      says: 'stopped meanwhile',
    },
    {
      title: 'the new release runs nowhere',
      sources: { ...within(run), ...seen('blue', slot('old', 0), { ...slot('new', 0), pid: null }) },
      says: 'new runs in no slot',
    },
    {
      title: 'at rest and down',
      sources: seen('blue', { ...slot('new', 0), pid: null }, EMPTY),
      says: 'blue is live and does not run',
    },
  ],
  unknown: [
    { title: 'nothing runs', sources: {}, says: 'nothing runs here' },
    { title: 'nothing is live', sources: seen(null, EMPTY, EMPTY), says: 'no release is live' },
  ],
};
