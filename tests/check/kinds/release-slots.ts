import type { SlotSeen, Slots } from '../../../src/check/sources.ts';
import { done, type KindCases, runSeen, within } from '../sources.ts';

const EMPTY: SlotSeen = { release: null, pid: null, restarts: 0, sinceMs: null };
const built = done('build', 'release', { release: 'new' });
const run = within(runSeen('R', { steps: [built] }));
const switched = within(runSeen('R', { steps: [built, done('switch', 'switch')] }));

function slot(release: string, parts: Partial<SlotSeen> = {}): SlotSeen {
  return { release, pid: 7, restarts: 0, sinceMs: 0, ...parts };
}

function seen(live: Slots['live'], blue: SlotSeen, green: SlotSeen) {
  return { slots: async () => ({ live, slots: { blue, green } }) };
}

export const cases: KindCases = {
  kind: 'release-slots',
  pass: [
    {
      title: 'before the switch',
      sources: { ...run, ...seen('blue', slot('old'), slot('new')) },
      says: 'new runs beside old in blue',
    },
    {
      title: 'after the switch',
      sources: { ...switched, ...seen('green', slot('old'), slot('new')) },
      says: 'new runs beside old in blue',
    },
    {
      title: 'the same release again, on another port',
      sources: { ...run, ...seen('blue', slot('new'), slot('new')) },
      says: 'new runs beside new in blue',
    },
    {
      title: 'an old release that dies by itself does not keep its successor back',
      sources: { ...run, ...seen('blue', slot('old', { restarts: 4 }), slot('new')) },
      says: 'which has died 4 times',
    },
    {
      title: 'a first deploy',
      sources: { ...run, ...seen(null, slot('new'), EMPTY) },
      says: 'nothing was live before',
    },
    {
      title: 'at rest',
      sources: seen('blue', slot('new'), slot('old')),
      says: 'new is live in blue; old is warm in green',
    },
    {
      title: 'at rest after one deploy',
      sources: seen('blue', slot('new'), EMPTY),
      says: 'nothing is warm',
    },
  ],
  fail: [
    {
      title: 'the old release was put out of its slot',
      sources: { ...run, ...seen('blue', EMPTY, slot('new')) },
      says: 'blue was emptied',
    },
    {
      title: 'the new release was put in the place of the old one',
      sources: { ...run, ...seen('blue', slot('new'), slot('old')) },
      says: 'green holds old',
    },
    {
      title: 'the new release does not run',
      sources: { ...run, ...seen('blue', slot('old'), slot('new', { pid: null })) },
      says: 'green holds new, which does not run',
    },
    {
      title: 'at rest and down',
      sources: seen('blue', slot('new', { pid: null }), EMPTY),
      says: 'blue is live and does not run',
    },
  ],
  unknown: [
    { title: 'nothing runs', sources: {}, says: 'nothing runs here' },
    { title: 'nothing is live', sources: seen(null, EMPTY, EMPTY), says: 'no release is live' },
    {
      title: 'an old release that is down by itself',
      sources: { ...run, ...seen('blue', slot('old', { pid: null }), slot('new')) },
      says: 'does not run by itself',
    },
  ],
};
