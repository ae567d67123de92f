import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { readJson } from '../../core/json.ts';
import type { Layout } from '../../core/layout.ts';
import type { Host } from '../../host/host.ts';
import { type EnvironmentVariables, readEnvironment } from '../environment.ts';
import type { Release } from '../types.ts';
import { API_BUNDLE, CONTRACT_BUNDLE, releaseEnvironment } from './release.ts';
import { lastWords, runToEnd, type ScratchServer, serve } from './scratch-process.ts';

/** Where releases are rehearsed: a copy of the database, and a folder for their sockets (a socket's path is short). */
export interface Stage {
  readonly layout: Layout;
  readonly nodePath: string;
  readonly databaseSocket: string;
  readonly socketFolder: string;
  readonly host: Host;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Which of the two: the release that is live, or the one to come. */
export type Role = 'live' | 'next';

const OTHER = { live: 'next', next: 'live' } as const;

export interface SuiteResult {
  readonly release: string;
  readonly role: Role;
  /** 0 for a release that was built before releases carried their promises. */
  readonly checks: number;
  readonly ms: number;
  /** Empty when every promise was kept. */
  readonly failure: string;
}

/** Starts a release on the copy. Throws `checkBlocked` when it does not become healthy there. */
export async function serveOn(stage: Stage, release: Release, role: Role): Promise<ScratchServer> {
  const socketPath = socketOf(stage, role);
  const program = { ...programOf(stage, release), args: [API_BUNDLE] };
  const environment = { ...program.environment, API_SOCKET: socketPath };
  try {
    return await serve({ ...program, environment }, { ...stage, socketPath });
  } catch (error) {
    stage.signal.throwIfAborted();
    throw new OmpayError(
      'checkBlocked',
      `release ${release.id} (${role}) does not start on the migrated copy: ${messageOf(error)}`,
      { hint: HINT, cause: error },
    );
  }
}

export function carriesContract(release: Release): boolean {
  return release.files.some(({ path }) => path === CONTRACT_BUNDLE);
}

/**
 * Runs the promises that were built with the release, alone and, in a pair, with the other on the same data.
 * Nothing is run for a release that was built without them.
 */
export async function keepsPromises(
  stage: Stage,
  { release, role, inPair }: { readonly release: Release; readonly role: Role; readonly inPair: boolean },
): Promise<SuiteResult> {
  const { id } = release;
  if (!carriesContract(release)) return { release: id, role, checks: 0, ms: 0, failure: '' };
  const other = inPair ? OTHER[role] : role;
  const args = [CONTRACT_BUNDLE, '--self', socketOf(stage, role), '--other', socketOf(stage, other)];
  const { stdout, stderr } = await runToEnd({ ...programOf(stage, release), args }, stage.signal);
  if (stdout === '') throw notRun(id, stderr);
  const result = readJson(Buffer.from(stdout), {
    what: `what the contract of release ${id} printed`,
    code: 'checkBlocked',
    hint: HINT,
  });
  return {
    release: id,
    role,
    checks: result.whole('checks'),
    ms: result.whole('ms'),
    failure: result.text('failure'),
  };
}

/** Throws `checkBlocked` with the first promise that was not kept. */
export function assertKept({ release, role, failure }: SuiteResult): void {
  if (failure === '') return;
  const which = role === 'live' ? 'the live release' : 'the new release';
  throw new OmpayError(
    'checkBlocked',
    `rehearsal: ${which} ${release} breaks its contract on the migrated schema: ${failure}`,
    { hint: HINT },
  );
}

const HINT = 'the live database was not touched; mend the migration: docs/migrations.md';

function programOf({ layout, nodePath, databaseSocket }: Stage, { id }: Release) {
  const environment = onScratch(readEnvironment(releaseEnvironment(layout, id)), databaseSocket);
  return { nodePath, folder: join(layout.releases, id), environment: { ...environment, APP_RELEASE: id } };
}

/**
 * Its own settings, but on the copy; and no message leaves: those that wait in the copy will be sent by the live one.
 * Redis is left out, as what is in it belongs to the live database.
 */
function onScratch(variables: EnvironmentVariables, databaseSocket: string): EnvironmentVariables {
  const { SMS_GATEWAY_URL, SMS_GATEWAY_TOKEN, MAIL_MAILER, LOG_FOLDER, ...others } = variables;
  return {
    ...others,
    APP_ENV: 'local',
    LOG_CHANNEL: 'stderr',
    LOG_LEVEL: 'warn',
    CACHE_DRIVER: 'database',
    SESSION_DRIVER: 'database',
    QUEUE_CONNECTION: 'database',
    DB_CONNECTION: 'pglite',
    DB_SOCKET: databaseSocket,
  };
}

function socketOf({ socketFolder }: Stage, role: Role): string {
  return join(socketFolder, `${role}.sock`);
}

function notRun(id: string, stderr: string): OmpayError {
  return new OmpayError(
    'checkBlocked',
    `the contract of release ${id} could not be run: ${lastWords(stderr)}`,
    {
      hint: HINT,
    },
  );
}
