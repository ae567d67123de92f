import { acceptedReleases } from '../../src/deploy/accepted.ts';
import { supervisorClient } from '../../src/front/supervisor-client.ts';
import { linesOf, wordsOf } from './campaign.ts';
import { liveRelease, problemsOf } from './checks.ts';
import { type Ended, run, saidBy } from './command.ts';
import { choose, type Stage } from './stage.ts';
import type { Stop } from './stops.ts';

/** The longest undo: 45 s to switch back and empty the slot, and 5 s for the step to let go. */
const BAR_MS = 60_000;

export interface Signalled {
  readonly shown: string;
  readonly exitCode: number | null;
  /** From the signal to the end of the process. */
  readonly tookMs: number;
  readonly problems: readonly string[];
}

/**
 * SIGINT to the process group and SIGTERM, in turns, in each step of a deploy: until the observation is over it must
 * exit 130 with the old release live and nothing of the new one in a slot; after that, 0 with the new one accepted.
 */
export async function signalEach(
  stage: Stage,
  labels: readonly string[],
  { every, say }: { readonly every: number; readonly say: (line: string) => void },
): Promise<Signalled[]> {
  const committed = labels.indexOf('step-done switch.observe');
  const done: Signalled[] = [];
  for (let at = 0; at < labels.length - 1; at += every) {
    const signal = done.length % 2 === 0 ? 'SIGINT' : 'SIGTERM';
    const stop: Stop = { append: at + 1, when: 'during', signal };
    const shown = `${signal} during ${at + 1} ${labels[at] ?? ''}`;
    const seen = await signalled(stage, {
      stops: [stop],
      shown,
      setting: `signal-${at}`,
      mayEnd: at >= committed,
    });
    say(`${shown}: ${verdictOf(seen)}`);
    done.push(seen);
  }
  return done;
}

/** A second Ctrl-C while the first one is being undone changes nothing: the undo goes on to its end. */
export async function signalTwice(stage: Stage, labels: readonly string[]): Promise<Signalled> {
  const append = labels.indexOf('step-started switch.observe') + 1;
  const stops: Stop[] = [
    { append, when: 'during', signal: 'SIGINT' },
    // step-failed, then undo-started.
    { append: append + 2, when: 'during', signal: 'SIGINT' },
  ];
  return signalled(stage, { stops, shown: 'SIGINT again during the undo', setting: 'twice', mayEnd: false });
}

export function verdictOf({ exitCode, tookMs, problems }: Signalled): string {
  const shown = `exit ${exitCode}, ${Math.round(tookMs)} ms after the signal`;
  return problems.length === 0 ? `ok, ${shown}` : `FAILED: ${problems.join('; ')} (${shown})`;
}

async function signalled(
  stage: Stage,
  turn: {
    readonly stops: readonly Stop[];
    readonly shown: string;
    readonly setting: string;
    /** Whether it may go on to its good end. */
    readonly mayEnd: boolean;
  },
): Promise<Signalled> {
  const before = await liveRelease(stage);
  const from = linesOf(stage).length;
  choose(stage, turn.setting);
  const ended = await run(stage, wordsOf(stage, 'deploy'), { stops: turn.stops });
  const endedAtMs = Date.now();
  const tookMs = endedAtMs - signalledAtMs(stage, from + (turn.stops[0]?.append ?? 0));
  const isThrough = turn.mayEnd && ended.exitCode === 0;
  const wanted = isThrough
    ? { release: null, setting: turn.setting, mayKeepBackupWork: false }
    : { release: before, setting: null, mayKeepBackupWork: false };
  const problems = [
    ...exitProblems(ended, isThrough),
    ...(tookMs > BAR_MS ? [`it ended only ${tookMs} ms after the signal`] : []),
    ...(await problemsOf(stage, wanted)),
    ...(await slotProblems(stage)),
  ];
  return { shown: turn.shown, exitCode: ended.exitCode, tookMs, problems };
}

function exitProblems(ended: Ended, isThrough: boolean): string[] {
  if (isThrough || ended.exitCode === 130) return [];
  return [saidBy(ended)];
}

/** When the journal says that the append was made at which the signal was sent. */
function signalledAtMs(stage: Stage, line: number): number {
  const { at }: { at: string } = JSON.parse(linesOf(stage)[line - 1] ?? '{"at":""}');
  return Date.parse(at);
}

/** Nothing that was never accepted stays in a slot: it was begun, and is undone. */
async function slotProblems({ layout }: Stage): Promise<string[]> {
  const accepted = acceptedReleases(layout);
  const { services } = await supervisorClient(layout.supervisorSocket).status();
  return services
    .map(({ name, spec }) => ({ name, release: spec.environment.APP_RELEASE }))
    .filter(({ release }) => release !== undefined && !accepted.includes(release))
    .map(({ name, release }) => `${name} still holds ${release}, which was never accepted`);
}
