import type { ServerKind } from '../../tests/fixtures/databases.ts';
import { CRASHES, type Crash, type KeyCase, type KeyResult, tryKey } from './one-key.ts';
import { openStage } from './stage.ts';
import { COMMIT } from './step-proxy.ts';

export interface EachStep {
  readonly crashes?: readonly Crash[];
  /** Of the steps, every so manieth. */
  readonly every: number;
  readonly tell: (line: string) => void;
}

/** What no process says. */
const NEVER = '';
/** Said by the outbox's dispatcher at any time, or by everybody. */
const NOT_OF_A_TRANSFER = /outbox for update|update outbox|^begin$|^set$|protocol/;

/** Tries the crashes at the steps of one transfer, as many as an undisturbed one is seen to take. */
export async function tryEachStep(
  kind: ServerKind,
  { crashes = CRASHES, every, tell }: EachStep,
): Promise<readonly KeyResult[]> {
  const stage = await openStage(kind);
  try {
    const results: KeyResult[] = [];
    const attempt = async (keyCase: KeyCase): Promise<KeyResult> => {
      const result = await tryKey(stage, keyCase, results.length);
      results.push(result);
      tell(shown(result));
      return result;
    };
    // The first reads what is kept for a second; the second says what each later one says at least.
    await attempt({ crash: 'cut', when: 'before', step: NEVER });
    const steps = stepsOf(await attempt({ crash: 'cut', when: 'before', step: NEVER }));
    tell(`the steps of a transfer: ${steps.join(', ')}`);
    for (const step of steps.filter((_step, index) => index % every === 0))
      for (const crash of crashes)
        for (const when of ['before', 'after'] as const) await attempt({ crash, when, step });
    return results;
  } finally {
    await stage.end();
  }
}

/** From the first question about the one who asks to the commit, each by its name once. */
export function stepsOf({ steps }: KeyResult): readonly string[] {
  const own = steps.filter((step) => !NOT_OF_A_TRANSFER.test(step));
  return [...new Set(own.filter((step) => step === COMMIT || !step.startsWith('commit')))];
}

function shown({ crash, when, step, reached, answeredAtOnce, problems }: KeyResult): string {
  const verdict = problems.length === 0 ? 'ok' : `FAILED: ${problems.join('; ')}`;
  const where = reached ? `${crash} ${when} "${step}"` : 'no crash';
  return `${where}: ${verdict}; ${answeredAtOnce} of 100 answered at once`;
}
