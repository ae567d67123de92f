import { type RunSeen, stepIn } from '../history.ts';
import { defineKind } from '../kind.ts';
import { type Finding, fail, pass, unknown } from '../types.ts';

/** The smoke test, which moves real money through a slot, passed in this run, else in the newest that ran one. */
export const smoke = defineKind<object>({
  kind: 'smoke',
  schema: {},
  look: async (_probe, sources) => {
    const current = await sources.currentRun();
    if (current !== undefined)
      return seenIn(current) ?? unknown('this run has not reached it', 'ompay deploy');
    const { runs } = await sources.history();
    const findings = runs.map(seenIn).filter((finding) => finding !== undefined);
    return findings.at(-1) ?? unknown('no smoke test was run here yet', 'ompay deploy');
  },
});

function seenIn(run: RunSeen): Finding | undefined {
  const step = stepIn(run, 'prepare', 'smoke');
  if (step === undefined) return undefined;
  if (step.outcome === 'done') return pass(`passed in run ${run.run}, at ${step.at}`);
  return fail(`failed in run ${run.run}: ${step.error}`, 'money moves and debits = credits', 'ompay logs');
}
