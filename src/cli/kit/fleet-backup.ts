import { createBackup } from '../../backup/create.ts';
import type { EnvironmentConfig } from '../../config/yml/environment.ts';
import { hasCopies } from '../../config/yml/keeps-copies.ts';
import { SETTINGS } from '../../config/yml/settings.ts';
import { shownDuration, shownSize } from '../../core/units.ts';
import { askOps } from '../../deploy/fleet/ops-client.ts';
import type { Handlers } from '../../plan/act.ts';
import type { Invocation } from '../command.ts';
import { withBackups } from './backup-site.ts';
import { shownFailures } from './copy-failures.ts';
import { serversEngineName } from './site-engine.ts';

const LOOK_MS = 30_000;

/** The backup of this run, once there is one. */
export interface MadeBackup {
  id?: string;
}

export interface FleetBackupKit {
  readonly invocation: Invocation;
  readonly config: EnvironmentConfig;
  /** The operator said that none is wanted. */
  readonly isUnwanted: boolean;
  readonly made: MadeBackup;
}

/**
 * `fleet.backup`: where migrations are missing and the environment keeps copies, one is made, read back, started, proven and
 * published before any of them is applied. This machine copies the database, so it needs a way to it; MariaDB's is its own host.
 */
export function fleetBackupHandlers({ invocation, config, isUnwanted, made }: FleetBackupKit): Handlers {
  return {
    'fleet.backup': async ({ release }, { host, signal }) => {
      if (isUnwanted) return { shown: 'not wanted (--without-backup)' };
      if (!keepsCopies(config)) return { shown: `${config.name} keeps no copies that this could be` };
      const look = { release: String(release), words: ['migrate', 'status'], timeoutMs: LOOK_MS, signal };
      const status = await askOps(host, look);
      if (status.textList('pending').length === 0) return { shown: 'no migration is missing' };
      if (status.list('applied', () => null).length === 0) return { shown: 'there is no data yet' };
      return withBackups(invocation, async (deps) => {
        const created = await createBackup(deps, { signal });
        const { backup, checks, captureMs, startMs, failures } = created;
        made.id = backup.id;
        const lacking = failures.length === 0 ? '' : `; not in all stores: ${shownFailures(failures)}`;
        const shown = `${backup.id}: ${shownSize(backup.sizeBytes)} in ${shownDuration(captureMs)}, started in ${shownDuration(startMs)}, ${checks} checks${lacking}`;
        return { backup: backup.id, checks, captureMs, startMs, shown };
      });
    },
  };
}

/** Somewhere else than this disk, of a database that can be copied. */
export function keepsCopies(config: EnvironmentConfig): boolean {
  return serversEngineName(config.value(SETTINGS.databaseConnection)) !== undefined && hasCopies(config);
}
