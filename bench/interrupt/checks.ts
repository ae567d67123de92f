import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { liveSlot } from '../../src/core/slots/live.ts';
import { acceptedReleases } from '../../src/deploy/accepted.ts';
import { readEnvironment } from '../../src/deploy/environment.ts';
import { releaseEnvironment } from '../../src/deploy/handlers/release.ts';
import { frontCounts } from '../../src/front/front-client.ts';
import { type SupervisorStatus, supervisorClient } from '../../src/front/supervisor-client.ts';
import { journalFiles } from '../../src/plan/journal.ts';
import { readLock } from '../../src/plan/lock.ts';
import { verifyJournal } from '../../src/plan/verify.ts';
import { temporaryFolderOf } from './command.ts';
import type { Stage } from './stage.ts';

/** What must be true once the command after an interruption has ended. */
export interface Wanted {
  /** Null: whichever has the setting. */
  readonly release: string | null;
  /** What `.env` of the live release says. */
  readonly setting: string | null;
  /** What a killed backup left is cleared by the next backup, and a rollback makes none. */
  readonly mayKeepBackupWork: boolean;
}

/** Everything that is not as it must be, as sentences. Empty: the installation has converged. */
export async function problemsOf(stage: Stage, wanted: Wanted): Promise<string[]> {
  const status = await supervisorClient(stage.layout.supervisorSocket).status();
  return [
    ...liveProblems(stage, status, wanted),
    ...lockProblems(stage),
    ...strayProcesses(stage, status),
    ...leftovers(stage, wanted),
    ...(await journalProblems(stage)),
    ...(await trafficProblems(stage)),
  ];
}

/** The release in the live slot, null when there is none. */
export async function liveRelease({ layout }: Stage): Promise<string | null> {
  const { services } = await supervisorClient(layout.supervisorSocket).status();
  const live = liveSlot(layout);
  return services.find(({ name }) => name === live)?.spec.environment.APP_RELEASE ?? null;
}

function liveProblems({ layout }: Stage, status: SupervisorStatus, wanted: Wanted): string[] {
  const live = liveSlot(layout);
  const service = status.services.find(({ name }) => name === live);
  const release = service?.spec.environment.APP_RELEASE ?? 'none';
  const accepted = acceptedReleases(layout)[0] ?? 'none';
  const setting = readEnvironment(releaseEnvironment(layout, release)).REDIS_HOST;
  return [
    service?.pid == null ? `the live slot ${live} does not run` : '',
    wanted.release !== null && release !== wanted.release
      ? `live is ${release}, wanted ${wanted.release}`
      : '',
    wanted.setting !== null && setting !== wanted.setting
      ? `live has the setting ${setting}, wanted ${wanted.setting}`
      : '',
    accepted === release ? '' : `live is ${release}, accepted last ${accepted}`,
    ...status.services.map(({ name, restarts, lastExit }) =>
      restarts === 0 ? '' : `${name} was started again ${restarts} times (${lastExit})`,
    ),
  ].filter(isSaid);
}

function lockProblems({ layout }: Stage): string[] {
  const { holder } = readLock(layout.lock);
  return holder === null ? [] : [`the lock is still held by run ${holder.run}`];
}

async function journalProblems({ layout }: Stage): Promise<string[]> {
  const verdict = await verifyJournal(journalFiles(layout));
  return verdict.kind === 'intact' ? [] : [`journal line ${verdict.line}: ${verdict.why}`];
}

async function trafficProblems({ layout, port }: Stage): Promise<string[]> {
  const { targets } = await frontCounts(layout.frontSocket);
  const failed = Object.values(targets).reduce(
    (sum, { status, upstreamErrors }) => sum + status['5xx'] + upstreamErrors,
    0,
  );
  const answer = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(10_000) });
  await answer.arrayBuffer();
  return [
    failed === 0 ? '' : `the front counts ${failed} failed requests`,
    answer.status === 200 ? '' : `/health answers ${answer.status}`,
  ].filter(isSaid);
}

/** Processes that name the stage's folder in their arguments, and are neither services nor the load. */
function strayProcesses({ root }: Stage, { pid, services }: SupervisorStatus): string[] {
  const expected = new Set([pid, process.pid, ...services.map((service) => service.pid)]);
  return processFolders()
    .filter((name) => !expected.has(Number(name)))
    .map((name) => ({ name, text: argumentsOf(name) }))
    .filter(({ text }) => text.includes(root) && !text.includes(`${root}/load.json`))
    .map(({ name, text }) => `process ${name} still runs: ${text.slice(0, 200)}`);
}

function processFolders(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

function argumentsOf(name: string): string {
  try {
    return readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** Half-written files and scratch folders that nobody will use. */
function leftovers(stage: Stage, { mayKeepBackupWork }: Wanted): string[] {
  const { layout, root } = stage;
  const inState = filesUnder(layout.state, new Set([layout.data, join(layout.state, 'cache')]));
  const halves = inState.filter((path) => /\.(part|next|tmp)$|-journal$/.test(path));
  const work = inState.filter((path) => /\/work\/(scratch|intents)\/./.test(path));
  const temporary = readdirSync(temporaryFolderOf(stage));
  return [
    ...halves.filter((path) => !(mayKeepBackupWork && path.includes('/backups/'))),
    ...(mayKeepBackupWork ? [] : work),
    ...temporary.map((name) => join(temporaryFolderOf(stage), name)),
  ].map((path) => `left behind: ${relative(root, path)}`);
}

function filesUnder(folder: string, skipped: ReadonlySet<string>): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (skipped.has(path)) return [];
    return entry.isDirectory() ? [path, ...filesUnder(path, skipped)] : [path];
  });
}

function isSaid(text: string): boolean {
  return text !== '';
}
