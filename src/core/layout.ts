import { createHash } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';

/** Paths of a local installation, all absolute. `state` and `run` are 0700. */
export interface Layout {
  /** The checkout (or wherever `.ompay` is). */
  readonly root: string;
  readonly state: string;
  readonly releases: string;
  readonly runtimes: string;
  readonly platform: string;
  readonly data: string;
  readonly backups: string;
  readonly keys: string;
  readonly logs: string;
  /** What both chains were at, each minute, outside the database. */
  readonly anchors: string;
  readonly journal: string;
  readonly lock: string;
  /** The greatest fencing token that ever switched. Beside the lock: the system may empty `run`, never this folder. */
  readonly fence: string;
  /** A link whose target is the live slot's name; `currentSocket` is made again from it. */
  readonly live: string;
  /** What the supervisor keeps running; 0600. */
  readonly services: string;
  /** The API's environment, names of the requirements; 0600. */
  readonly environment: string;
  /** Sockets and pid files. Short enough for a unix socket's 107 bytes, else under the system's temporary folder. */
  readonly run: string;
  readonly currentSocket: string;
  readonly slotSockets: { readonly blue: string; readonly green: string };
  /** PostgreSQL clients are given `run` as host; the server's socket there must have this name. */
  readonly databaseSocket: string;
  readonly supervisorSocket: string;
  readonly frontSocket: string;
}

export type Slot = 'blue' | 'green';

export function otherSlot(slot: Slot): Slot {
  return slot === 'blue' ? 'green' : 'blue';
}

/** unix(7): sun_path holds 108 bytes with its final NUL. The longest name used in `run` has 16 bytes. */
const LONGEST_RUN_FOLDER_BYTES = 107 - 20;

export function localLayout(rootFolder: string): Layout {
  const root = resolve(rootFolder);
  const state = join(root, '.ompay');
  const run = runFolder(state);
  return {
    root,
    state,
    releases: join(state, 'releases'),
    runtimes: join(state, 'runtimes'),
    platform: join(state, 'platform'),
    data: join(state, 'data'),
    backups: join(state, 'backups'),
    keys: join(state, 'keys'),
    logs: join(state, 'logs'),
    anchors: join(state, 'anchors'),
    journal: join(state, 'journal'),
    lock: join(state, 'lock'),
    fence: join(state, 'fence'),
    live: join(state, 'live'),
    services: join(state, 'services.json'),
    environment: join(state, 'api.env'),
    run,
    currentSocket: join(run, 'current.sock'),
    slotSockets: { blue: join(run, 'blue.sock'), green: join(run, 'green.sock') },
    databaseSocket: join(run, '.s.PGSQL.5432'),
    supervisorSocket: join(run, 'supervisor.sock'),
    frontSocket: join(run, 'front.sock'),
  };
}

function runFolder(state: string): string {
  const run = join(state, 'run');
  if (Buffer.byteLength(run) <= LONGEST_RUN_FOLDER_BYTES) return run;
  const digest = createHash('sha256').update(state).digest('hex').slice(0, 12);
  return join(tmpdir(), `ompay-${userInfo().uid}-${digest}`);
}
