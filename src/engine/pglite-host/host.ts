import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import { dropOwnership, takeOwnership } from '../../core/ownership.ts';
import { ownerFileOf } from '../data-folder.ts';
import { Backend } from './backend.ts';
import { keepCheckpoints } from './checkpoints.ts';
import { engineOf, openPglite } from './database.ts';
import { servePg } from './server.ts';

export { ownerFileOf } from '../data-folder.ts';

const MAX_CONNECTIONS = 64;
const IDLE_IN_TRANSACTION_MS = 5000;

/** A host that was told to stop takes up to 5 s; its successor waits that long for the folder. */
const OWNER_TIMEOUT_MS = 6000;
const OWNER_POLL_MS = 50;

export interface HostSettings {
  readonly dataFolder: string;
  readonly socketPath: string;
}

export interface RunningHost {
  /** Checkpoints and closes: the next start has nothing to replay. */
  close(): Promise<void>;
}

/**
 * Owns the data folder and serves it. Throws OmpayError `stateUnusable` while another living process owns the folder
 * or serves on the socket. `onFailure` is told when the database fails later on; the process must then end.
 */
export async function startHost(
  settings: HostSettings,
  clock: Clock,
  onFailure: (error: unknown) => void,
): Promise<RunningHost> {
  const ownerFile = ownerFileOf(settings.dataFolder);
  mkdirSync(dirname(settings.dataFolder), { recursive: true, mode: 0o700 });
  await waitForOwnership(ownerFile, clock);
  const database = await openPglite(settings.dataFolder);
  const backend = new Backend(engineOf(database), IDLE_IN_TRANSACTION_MS);
  const server = await servePg({
    backend,
    socketPath: settings.socketPath,
    maxConnections: MAX_CONNECTIONS,
    onFailure,
  });
  const stopCheckpoints = keepCheckpoints(backend, onFailure);
  return {
    close: async () => {
      stopCheckpoints();
      await server.close();
      await database.close();
      dropOwnership(ownerFile);
    },
  };
}

async function waitForOwnership(ownerFile: string, clock: Clock): Promise<void> {
  const deadlineMs = clock.monotonicMs() + OWNER_TIMEOUT_MS;
  for (let owner = takeOwnership(ownerFile); owner !== undefined; owner = takeOwnership(ownerFile)) {
    if (clock.monotonicMs() > deadlineMs) {
      throw new OmpayError(
        'stateUnusable',
        `process ${owner.pid} owns the database's folder (${ownerFile})`,
        {
          hint: 'stop it first: ompay down',
        },
      );
    }
    await clock.sleep(OWNER_POLL_MS);
  }
}
