import { numberIn } from '../json.ts';
import { defineKind } from '../kind.ts';
import { fail, pass, unknown } from '../types.ts';
import { freshEvidence } from './fresh-evidence.ts';

interface Fields {
  readonly name: string;
  /** What writes the evidence. */
  readonly command: string;
  /** The least share of lines and of branches, in percent. */
  readonly coveragePercent: number;
}

/** Tests and coverage of this very source, as the test command recorded them. */
export const evidence = defineKind<Fields>({
  kind: 'evidence',
  schema: {
    name: { type: 'string', pattern: '^[a-z-]+$' },
    command: { type: 'string', minLength: 1 },
    coveragePercent: { type: 'number', minimum: 0, maximum: 100 },
  },
  look: async ({ name, command, coveragePercent }, sources) => {
    const seen = await freshEvidence(name, command, sources);
    if (seen.kind === 'unknown') return seen;
    const { figures } = seen.evidence;
    const passed = numberIn(figures, 'passed') ?? 0;
    const failed = numberIn(figures, 'failed') ?? 0;
    const skipped = numberIn(figures, 'skipped') ?? 0;
    const tests = `${passed} passed, ${failed} failed, ${skipped} skipped`;
    if (failed > 0 || passed === 0) return fail(tests, 'every test passes', command);
    const lines = numberIn(figures, 'linesPercent');
    const branches = numberIn(figures, 'branchesPercent');
    if (lines === undefined || branches === undefined)
      return unknown(`${tests}; coverage was not measured`, command);
    const observed = `${tests}; coverage ${lines} % of lines, ${branches} % of branches`;
    if (lines < coveragePercent || branches < coveragePercent)
      return fail(observed, `at least ${coveragePercent} % of both`, command);
    return pass(observed);
  },
});
