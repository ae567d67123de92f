import { readFileSync, writeFileSync } from 'node:fs';
import { systemClock } from '../../src/core/clock.ts';
import { readLock } from '../../src/plan/lock.ts';
import { linesOf } from './campaign.ts';
import { liveRelease, problemsOf } from './checks.ts';
import { type Ended, mustRun, type Place, run, type Started, saidBy, start } from './command.ts';
import { choose, type Stage } from './stage.ts';
import type { Stop } from './stops.ts';

const STOP_LIMIT_MS = 200_000;
const AT_THE_LOCK: Stop = { append: 0, when: 'locking', signal: 'SIGSTOP' };
const LOCK_HELD = 4;

export interface Round {
  readonly shown: string;
  /** False when the second asked only after the first was done: both did their work, one after the other. */
  readonly wasRace: boolean;
  readonly problems: readonly string[];
}

export interface Racer extends Place {
  readonly words: readonly string[];
}

/**
 * Two commands, stopped right before they ask for the lock and let go at once: one must do its work and the other exit 4
 * without having begun anything.
 */
export async function race(stage: Stage, racers: readonly [Racer, Racer], turn: number): Promise<Round> {
  const from = linesOf(stage).length;
  const begun = racers.map((racer) => start(racer, racer.words, { stops: [AT_THE_LOCK] }));
  for (const each of begun) await stopped(each);
  // Who is let go first changes with the turn.
  for (const { pid } of turn % 2 === 0 ? begun : begun.toReversed()) process.kill(pid, 'SIGCONT');
  const ended = await Promise.all(begun.map((each) => each.ended));
  const winners = ended.filter(({ exitCode }) => exitCode === 0);
  const losers = ended.filter(({ exitCode }) => exitCode === LOCK_HELD);
  const wasRace = winners.length < 2;
  const wanted = { release: releaseOf(winners.at(-1)), setting: null, mayKeepBackupWork: true };
  const switches = switchesIn(linesOf(stage).slice(from));
  const shown = `race ${turn}: ${ended.map(({ exitCode }) => exitCode).join(' and ')}`;
  const problems = [
    ...(wasRace && (winners.length !== 1 || losers.length !== 1) ? ended.map(saidBy) : []),
    ...(wasRace && switches !== 1 ? [`${switches} switches`] : []),
    ...(await problemsOf(stage, wanted)),
  ];
  return { shown, wasRace, problems };
}

/** Who takes the lock from the stopped run: an operator by force, or anybody once it has expired. */
export const TAKERS = ['lock release --force', 'expired'] as const;

/**
 * A deploy is stopped in a step, its lock is taken over, another deploy goes to its end, and then the first goes on: it must
 * exit 4, and what is live must stay what the other made live.
 */
export async function fence(
  stage: Stage,
  turn: {
    readonly other: Place;
    readonly labels: readonly string[];
    readonly step: string;
    readonly taker: (typeof TAKERS)[number];
    readonly setting: string;
  },
): Promise<Round> {
  const { labels, step, taker, other, setting } = turn;
  const append = labels.indexOf(`step-started ${step}`) + 1;
  choose(stage, setting);
  const stop: Stop = { append, when: 'during', signal: 'SIGSTOP' };
  const stale = start(stage, ['deploy', ...stage.briefly], { stops: [stop] });
  await stopped(stale);
  if (taker === 'expired') expire(stage);
  else await mustRun(stage, ['lock', 'release', '--force']);
  const winner = await run(other, ['deploy', ...stage.briefly]);
  const live = await liveRelease(stage);
  process.kill(stale.pid, 'SIGCONT');
  const ended = await stale.ended;
  const problems = [
    ...(winner.exitCode === 0 ? [] : [`the one that took over: ${saidBy(winner)}`]),
    ...(ended.exitCode === LOCK_HELD ? [] : [`the stale one: ${saidBy(ended)}`]),
    ...(await problemsOf(stage, { release: live, setting: null, mayKeepBackupWork: true })),
  ];
  return {
    shown: `stopped in ${step}, ${taker}: ${winner.exitCode}, then ${ended.exitCode}`,
    wasRace: true,
    problems,
  };
}

/** As the lock of another machine looks a minute after its last heartbeat. */
function expire({ layout }: Stage): void {
  const state = readLock(layout.lock);
  if (state.holder === null) throw new Error('the stopped run holds no lock');
  const holder = { ...state.holder, machine: 'elsewhere', expiresAtMs: systemClock.now() - 1 };
  writeFileSync(layout.lock, JSON.stringify({ ...state, holder }), { mode: 0o600 });
}

/** Resolves once the process has stopped itself. */
async function stopped({ pid, ended }: Started): Promise<void> {
  let over: Ended | undefined;
  void ended.then((seen) => {
    over = seen;
  });
  const deadlineMs = performance.now() + STOP_LIMIT_MS;
  while (stateOf(pid) !== 'T') {
    if (over !== undefined) throw new Error(`it ended before it stopped: ${saidBy(over)}`);
    if (performance.now() > deadlineMs) throw new Error(`process ${pid} did not stop in ${STOP_LIMIT_MS} ms`);
    await systemClock.sleep(5);
  }
}

/** `T` while it is stopped (proc(5)). */
function stateOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  } catch {
    return '';
  }
}

function releaseOf(ended: Ended | undefined): string | null {
  const data = ended?.events.at(-1)?.data;
  return typeof data === 'object' && data !== null && 'release' in data ? String(data.release) : null;
}

function switchesIn(lines: readonly string[]): number {
  return lines.filter((line) => /"type":"step-done","plan":"[a-z]+","step":"switch"/.test(line)).length;
}
