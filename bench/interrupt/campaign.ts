import { readFileSync } from 'node:fs';
import { journalFiles } from '../../src/plan/journal.ts';
import { liveRelease, problemsOf, type Wanted } from './checks.ts';
import { type Ended, mustRun, run, saidBy } from './command.ts';
import { addMigration } from './migrations.ts';
import { choose, releaseBefore, type Stage } from './stage.ts';
import type { Stop } from './stops.ts';

/** Where one run is interrupted: by itself at appends of its journal, or by SIGKILL from outside after a time. */
export interface Point {
  readonly shown: string;
  readonly stops?: readonly Stop[];
  readonly killAfterMs?: number;
  /** A migration that is missing, by a number not used before. */
  readonly migration?: number;
}

/** The command that is interrupted, and the one that must converge. */
export type Interrupted = 'deploy' | 'rollback';
export const RECOVERIES = ['deploy', 'rollback', 'status, deploy'] as const;
export type Recovery = (typeof RECOVERIES)[number];

export interface Attempt {
  readonly command: Interrupted;
  readonly recovery: Recovery;
  readonly point: Point;
  /** False when the run ended before its point came. */
  readonly wasHit: boolean;
  readonly problems: readonly string[];
  /** The interrupted run, and the command after it. */
  readonly interruptedMs: number;
  readonly recoveryMs: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** What one undisturbed run appended to its journal, in order: the boundaries to interrupt it at. */
export async function boundariesOf(stage: Stage, command: Interrupted, setting: string): Promise<string[]> {
  const before = linesOf(stage).length;
  if (command === 'deploy') choose(stage, setting);
  await mustRun(stage, wordsOf(stage, command));
  return linesOf(stage).slice(before).map(labelOf);
}

export function wordsOf(stage: Stage, command: Interrupted): string[] {
  return command === 'deploy' ? ['deploy', ...stage.briefly] : ['rollback'];
}

/** Interrupts one run at one point, lets the next command converge, and looks at everything. */
export async function attempt(
  stage: Stage,
  turn: {
    readonly command: Interrupted;
    readonly recovery: Recovery;
    readonly point: Point;
    readonly setting: string;
  },
): Promise<Attempt> {
  const { command, recovery, point, setting } = turn;
  const startedAtMs = Date.now();
  const target = releaseBefore(stage, await liveRelease(stage));
  if (command === 'deploy') choose(stage, setting);
  if (point.migration !== undefined) addMigration(stage, point.migration);
  const interrupted = await run(stage, wordsOf(stage, command), point);
  const wasHit = interrupted.signal === 'SIGKILL';
  const wanted = await wantedAfter(stage, turn, target);
  const recovered = await recover(stage, recovery);
  const unexpected =
    wasHit || isRightEnd(interrupted, point) ? [] : [`the run itself: ${saidBy(interrupted)}`];
  const problems = [
    ...unexpected,
    ...(recovered.exitCode === 0 ? [] : [`the next command: ${saidBy(recovered)}`]),
    ...(await problemsOf(stage, wanted).catch((error: unknown) => [String(error)])),
  ];
  const interruptedMs = interrupted.tookMs;
  const recoveryMs = recovered.tookMs;
  return {
    command,
    recovery,
    point,
    wasHit,
    problems,
    interruptedMs,
    recoveryMs,
    startedAtMs,
    endedAtMs: Date.now(),
  };
}

/** A run that its point did not reach ended well, or by the Ctrl-C that the point began with. */
function isRightEnd({ exitCode }: Ended, { stops = [] }: Point): boolean {
  return exitCode === 0 || (exitCode === 130 && stops.some(({ signal }) => signal === 'SIGINT'));
}

/** A killed rollback that is typed again goes where it went; after a killed deploy it leaves what is live. */
async function wantedAfter(
  stage: Stage,
  turn: { readonly command: Interrupted; readonly recovery: Recovery; readonly setting: string },
  target: string | null,
): Promise<Wanted> {
  if (turn.recovery === 'rollback') {
    const release = turn.command === 'rollback' ? target : releaseBefore(stage, await liveRelease(stage));
    return { release, setting: null, mayKeepBackupWork: true };
  }
  return { release: null, setting: settingIn(stage), mayKeepBackupWork: false };
}

function settingIn({ root }: Stage): string {
  return readFileSync(`${root}/.env`, 'utf8').trim().replace('REDIS_HOST=', '');
}

async function recover(stage: Stage, recovery: Recovery): Promise<Ended> {
  if (recovery === 'rollback') return run(stage, ['rollback']);
  if (recovery === 'status, deploy') {
    const status = await run(stage, ['status']);
    if (status.exitCode !== 0) return status;
  }
  return run(stage, ['deploy', ...stage.briefly]);
}

export function linesOf({ layout }: Stage): string[] {
  return readFileSync(journalFiles(layout).lines, 'utf8').trimEnd().split('\n');
}

/** `step-done switch.drain` of a journal line. */
function labelOf(line: string): string {
  const { event }: { event: { type: string; plan?: string; step?: string } } = JSON.parse(line);
  return [event.type, [event.plan, event.step].filter((each) => each !== undefined).join('.')]
    .join(' ')
    .trim();
}
