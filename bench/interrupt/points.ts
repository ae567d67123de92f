import { linesOf, type Point, wordsOf } from './campaign.ts';
import { run } from './command.ts';
import { choose, type Stage } from './stage.ts';

const WHENS = ['before', 'torn', 'after'] as const;
/** Steps that are undone by work of their own: the slot is emptied, the old slot is put back. */
const UNDONE = ['prepare.smoke', 'switch.observe'];

/** SIGKILL before each append, in its middle, and after it. */
export function boundaryPoints(labels: readonly string[]): Point[] {
  return labels.flatMap((label, at) =>
    WHENS.map((when) => ({
      shown: `${when} ${at + 1} ${label}`,
      stops: [{ append: at + 1, when, signal: 'SIGKILL' as const }],
    })),
  );
}

/** The boundaries of applying migrations, each with another one to apply. */
export function migrationPoints(labels: readonly string[]): Point[] {
  return boundaryPoints(labels)
    .filter(({ shown }) => / migrate(\.|$)/.test(shown))
    .map((point, index) => ({
      ...point,
      shown: `${point.shown}, a migration missing`,
      migration: index + 1,
    }));
}

/** Ctrl-C in a step, then SIGKILL at each append of the undo that follows. */
export async function undoPoints(stage: Stage, labels: readonly string[]): Promise<Point[]> {
  const points: Point[] = [];
  for (const step of UNDONE) {
    const append = labels.indexOf(`step-started ${step}`) + 1;
    if (append === 0) throw new Error(`a deploy has no step ${step}`);
    const interrupt = { append, when: 'during', signal: 'SIGINT' } as const;
    const before = linesOf(stage).length;
    choose(stage, `undone-${step}`);
    await run(stage, wordsOf(stage, 'deploy'), { stops: [interrupt] });
    const undo = linesOf(stage).length - before - append;
    for (let at = append + 1; at <= append + undo; at += 1) {
      for (const when of WHENS)
        points.push({
          shown: `${when} ${at} of an undo of ${step} that ends at ${append + undo}`,
          stops: [interrupt, { append: at, when, signal: 'SIGKILL' }],
        });
    }
  }
  return points;
}
