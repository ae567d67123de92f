import type { JsonObject } from '../../plan/plan.ts';
import type { RunSeen } from '../history.ts';
import { numberIn, objectIn, textIn, textsIn } from '../json.ts';
import { defineKind } from '../kind.ts';
import { type Finding, fail, pass, unknown } from '../types.ts';

/** What the observation saw of the new release beside the old one: in this run, else in the newest that watched. */
export const latencyCompared = defineKind<object>({
  kind: 'latency-compared',
  schema: {},
  look: async (_probe, sources) => {
    const current = await sources.currentRun();
    const { runs } = await sources.history();
    const seen = current === undefined ? runs.flatMap(observations).at(-1) : observations(current).at(-1);
    if (seen === undefined) return unknown('no release was watched after its switch yet', 'ompay deploy');
    return judged(seen);
  },
});

function observations(run: RunSeen): readonly JsonObject[] {
  return run.evidence.filter(({ kind }) => kind === 'observation').map(({ data }) => data);
}

function judged(seen: JsonObject): Finding {
  const reasons = textsIn(seen, 'reasons').join('; ');
  const before = objectIn(seen, 'baseline');
  const observed = `${shown(before, 'before')}; ${shown(objectIn(seen, 'after'), 'after')}`;
  const verdict = textIn(seen, 'verdict');
  if (verdict === 'bad') {
    const why = `${reasons || 'it was not well'} (${observed})`;
    return fail(why, 'no worse than the release before', 'ompay logs');
  }
  if (verdict !== 'well') {
    const why = `the observation did not decide: ${reasons || 'too few requests'}`;
    return unknown(why, 'watch for longer: ompay deploy --bake 60');
  }
  // `users`, or `probes` where users sent too little.
  const compared = textsIn(seen, 'comparedLatency');
  if (before === undefined || compared.length === 0)
    return unknown(
      `there was too little to compare with (${observed})`,
      'it is known after a deploy under load',
    );
  return pass(`${observed}; compared by ${compared.join(' and ')}`);
}

function shown(counts: JsonObject | undefined, when: string): string {
  if (counts === undefined) return `${when}: nothing`;
  const figure = (name: string): string => String(numberIn(counts, name) ?? '?');
  return `${when}: ${figure('requests')} requests, ${figure('failed')} failed, P95 ${figure('p95Ms')} ms`;
}
