import { numberIn } from '../json.ts';
import { defineKind } from '../kind.ts';
import { fail, pass, unknown } from '../types.ts';
import { freshEvidence } from './fresh-evidence.ts';

interface Bound {
  readonly figure: string;
  readonly min?: number;
  readonly max?: number;
}

interface Fields {
  readonly name: string;
  readonly command: string;
  readonly bounds: readonly Bound[];
}

/** Figures that a bench recorded for this very source, each within its bounds (inclusive). */
export const benchmark = defineKind<Fields>({
  kind: 'benchmark',
  schema: {
    name: { type: 'string', pattern: '^[a-z-]+$' },
    command: { type: 'string', minLength: 1 },
    bounds: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: { figure: { type: 'string' }, min: { type: 'number' }, max: { type: 'number' } },
        required: ['figure'],
        additionalProperties: false,
      },
    },
  },
  look: async ({ name, command, bounds }, sources) => {
    const seen = await freshEvidence(name, command, sources);
    if (seen.kind === 'unknown') return seen;
    const figures = bounds.map((bound) => ({ bound, value: numberIn(seen.evidence.figures, bound.figure) }));
    const missing = figures.find(({ value }) => value === undefined);
    if (missing !== undefined)
      return unknown(`${command} recorded no figure ${JSON.stringify(missing.bound.figure)}`, command);
    const observed = figures.map(({ bound, value }) => `${bound.figure} ${value}`).join(', ');
    const outside = figures.filter(({ bound, value }) => value !== undefined && !isWithin(value, bound));
    if (outside.length === 0) return pass(observed);
    return fail(observed, outside.map(({ bound }) => shownBound(bound)).join(', '), command);
  },
});

function isWithin(value: number, { min, max }: Bound): boolean {
  return (min === undefined || value >= min) && (max === undefined || value <= max);
}

function shownBound({ figure, min, max }: Bound): string {
  const least = min === undefined ? '' : ` at least ${min}`;
  return `${figure}${least}${max === undefined ? '' : ` at most ${max}`}`;
}
