import { problemsOf } from './checks.ts';
import { run, saidBy } from './command.ts';
import { choose, emptyStage, endStage, type Stage } from './stage.ts';
import { type Stop, seededRandom } from './stops.ts';

/** How many appends a first deploy makes at least; a later one is not reached, and is drawn again. */
const APPENDS = 70;
const WHENS = ['before', 'torn', 'after'] as const;
const SETTING = 'first';

export interface FirstResult {
  readonly tried: number;
  readonly problems: readonly string[];
}

/** First deploys, each on an empty folder, killed at an append of their journal; the same command again must converge. */
export async function interruptFirst(
  programRoot: string,
  options: { readonly times: number; readonly seed: number; readonly say: (line: string) => void },
): Promise<FirstResult> {
  const random = seededRandom(options.seed + 2000);
  const problems: string[] = [];
  for (let turn = 0; turn < options.times; turn += 1) {
    const append = 1 + Math.floor(random() * APPENDS);
    const stop: Stop = { append, when: WHENS[turn % WHENS.length] ?? 'after', signal: 'SIGKILL' };
    const stage = await emptyStage(programRoot, 'empty folder');
    const shown = `first deploy killed ${stop.when} append ${append}`;
    try {
      const found = (await killedFirst(stage, stop)).map((problem) => `${shown}: ${problem}`);
      options.say(found.length === 0 ? `${shown}, then deploy: ok` : `FAILED: ${found.join('; ')}`);
      problems.push(...found);
    } finally {
      await endStage(stage);
    }
  }
  return { tried: options.times, problems };
}

async function killedFirst(stage: Stage, stop: Stop): Promise<string[]> {
  choose(stage, SETTING);
  const words = ['deploy', '--port', String(stage.port), ...stage.briefly];
  const killed = await run(stage, words, { stops: [stop] });
  const again = await run(stage, words);
  return [
    ...(killed.signal === 'SIGKILL' ? [] : [`it was not killed: ${saidBy(killed)}`]),
    ...(again.exitCode === 0 ? [] : [`the next command: ${saidBy(again)}`]),
    ...(await problemsOf(stage, { release: null, setting: SETTING, mayKeepBackupWork: false }).catch(
      (error: unknown) => [String(error)],
    )),
  ];
}
