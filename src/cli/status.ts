import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Command } from 'commander';
import { LOCAL } from '../config/yml/project.ts';
import { shownAge } from '../core/units.ts';
import type { ServiceState } from '../deploy/services.ts';
import type { LocalFacts } from '../deploy/types.ts';
import { isStale, readLock } from '../plan/lock.ts';
import type { Invocation } from './command.ts';
import { environmentName, environmentOption } from './kit/environment.ts';
import { statusOfFleet } from './kit/fleet-status.ts';
import { localKit } from './kit/local.ts';
import { paint, table } from './render.ts';

export function configure(command: Command): void {
  environmentOption(command);
}

/** Exit 0 when what is live answers, 6 when it does not, 2 when nothing is deployed here; of servers: kit/fleet-status.ts. */
export async function run(invocation: Invocation): Promise<number> {
  if (environmentName(invocation) !== LOCAL) return statusOfFleet(invocation);
  const { clock, layout, output } = invocation;
  const { deployKit, services } = localKit(invocation);
  const [facts, states = []] = await Promise.all([deployKit.facts(), services.states()]);
  const answers = facts.port !== null && (await healthOf(facts.port));
  const problems = problemsOf(facts, states, answers);
  const { holder } = readLock(layout.lock);
  const lockedBy =
    holder === null || isStale(holder, { machine: hostname(), nowMs: clock.now() })
      ? null
      : `${holder.owner} (${holder.reason})`;
  const unwatched = lockedBy === null ? unwatchedRelease(facts) : null;
  const url = facts.port === null ? null : `http://127.0.0.1:${facts.port}`;
  if (output.json) {
    const services = states.map(({ name, pid, restarts, release, lastExit }) => ({
      name,
      pid,
      restarts,
      release,
      lastExit,
    }));
    output.write(
      `${JSON.stringify({ url, live: facts.live, answers, unwatched, problems, lockedBy, services, durability: DURABILITY })}\n`,
    );
  } else if (!existsSync(layout.services)) {
    output.write('nothing is deployed here yet; start with: ompay deploy\n');
  } else {
    output.write(`${headline(facts, url, answers)}\n\n${servicesTable(facts, states, clock.now())}\n`);
    for (const problem of problems) output.write(`${paint.bad('!')} ${problem}\n`);
    if (unwatched !== null)
      output.write(
        `${paint.warn('!')} ${unwatched} was not watched to the end (a command was killed): ompay report, then ompay deploy\n`,
      );
    if (lockedBy !== null) output.write(`${paint.warn('!')} the lock is held by ${lockedBy}\n`);
    output.write(paint.faint(`database: ${DURABILITY}\n`));
  }
  if (!existsSync(layout.services)) return 2;
  return problems.length === 0 ? 0 : 6;
}

/** What an operation that was killed made live: the next deploy watches it first. Null when what is live was accepted. */
export function unwatchedRelease({ live, slots, accepted }: LocalFacts): string | null {
  const release = live === null ? null : slots[live].release;
  return release === accepted[0] ? null : release;
}

const DURABILITY = 'embedded PGlite, safe against the death of processes, not of the machine (no fsync)';

async function healthOf(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/health`, {
      signal: AbortSignal.timeout(2000),
      headers: { connection: 'close' },
    });
    return answer.status === 200;
  } catch {
    return false;
  }
}

function problemsOf(facts: LocalFacts, states: readonly ServiceState[], answers: boolean): string[] {
  if (!facts.supervisorRuns) return ['nothing runs: ompay up'];
  const dead = states
    .filter(({ pid }) => pid === null)
    .map(({ name, lastExit }) => `${name} does not run (${lastExit ?? 'not started'}): ompay logs ${name}`);
  if (facts.live === null) return [...dead, 'no release is live: ompay deploy'];
  return answers ? dead : [...dead, 'the API does not answer /health with 200: ompay logs'];
}

function headline(facts: LocalFacts, url: string | null, answers: boolean): string {
  const release = facts.live === null ? null : facts.slots[facts.live].release;
  if (release === null) return paint.bad('no release is live');
  const known = facts.releases.find((each) => each.id === release);
  const state = answers ? paint.good('live and answering') : paint.bad('live, but not answering');
  return `release ${paint.strong(release)}${known === undefined ? '' : ` (${known.version}${known.commit === null ? '' : `, ${known.commit}`})`} is ${state} on ${url}`;
}

function servicesTable(facts: LocalFacts, states: readonly ServiceState[], nowMs: number): string {
  return table([
    { title: 'SERVICE', values: states.map(({ name }) => name) },
    { title: 'STATE', values: states.map((state) => (state.pid === null ? 'down' : slotWord(facts, state))) },
    { title: 'RELEASE', values: states.map(({ release }) => release ?? '-') },
    { title: 'PID', values: states.map(({ pid }) => (pid === null ? '-' : String(pid))) },
    {
      title: 'STARTED',
      values: states.map(({ sinceMs }) => (sinceMs === null ? '-' : shownAge(nowMs - sinceMs))),
    },
    { title: 'RESTARTS', values: states.map(({ restarts }) => String(restarts)) },
    { title: 'LAST EXIT', values: states.map(({ lastExit }) => lastExit ?? '-') },
  ]);
}

function slotWord(facts: LocalFacts, { name }: ServiceState): string {
  if (name !== 'blue' && name !== 'green') return 'running';
  return facts.live === name ? 'live' : 'warm';
}
