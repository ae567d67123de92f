import { join } from 'node:path';
import { MIGRATIONS } from '../../api/migrations/index.ts';
import { loadBackupSettings } from '../../config/copies.ts';
import { type EnvironmentVariables, loadApiSettings } from '../../config/load.ts';
import { loadTeamSettings, withoutOperatorKeys } from '../../config/team.ts';
import type { Layout } from '../../core/layout.ts';
import { sha256 } from '../../deploy/bundle.ts';
import type { DeployKit } from '../../deploy/deploy.ts';
import { keepEnvironment, localEnvironment, readEnvironment } from '../../deploy/environment.ts';
import { gatherFacts } from '../../deploy/facts.ts';
import { installPlatform, type Platform } from '../../deploy/handlers/platform.ts';
import { preflightHandlers } from '../../deploy/handlers/preflight.ts';
import { type Built, buildCandidate, releaseHandlers } from '../../deploy/handlers/release.ts';
import { serviceHandlers } from '../../deploy/handlers/services.ts';
import { slotHandlers } from '../../deploy/handlers/slot.ts';
import { localServices } from '../../deploy/local-services.ts';
import type { LocalServices } from '../../deploy/services.ts';
import { localHost } from '../../host/local.ts';
import type { Handlers } from '../../plan/act.ts';
import { journalFiles, newestLineTimeMs } from '../../plan/journal.ts';
import type { Invocation } from '../command.ts';
import type { Operation } from '../operation.ts';
import { checkHandlers } from './checks.ts';
import { deferredHandlers, deferredWitness } from './deferred.ts';
import { notifyHandlers } from './notify.ts';
import { once } from './once.ts';

/** The local environment as commands use it: domains are composed here, and nowhere else. */
export interface LocalKit {
  readonly services: LocalServices;
  readonly deployKit: Pick<DeployKit, 'layout' | 'facts' | 'candidate'>;
  readonly handlers: (operation: Operation) => Handlers;
}

export function localKit(invocation: Invocation): LocalKit {
  const { clock, layout, programRoot } = invocation;
  const install = once(() => installPlatform(layout, programRoot));
  const services = localServices({ layout, clock, platform: install });
  const facts = () => gatherFacts(layout, services);
  const release = {
    layout,
    programRoot,
    version: invocation.version,
    newestMigration: MIGRATIONS.at(-1)?.id ?? '0000',
    environmentDigest: () =>
      sha256(JSON.stringify(Object.entries(withoutOperatorKeys(settingsOf(layout))).sort())),
  };
  const candidate = once((): Promise<Built> => buildCandidate(release, localHost(), clock.now()));
  // Read before this run writes its own lines.
  const journalBefore = newestLineTimeMs(journalFiles(layout));
  return {
    services,
    deployKit: { layout, facts, candidate: async () => (await candidate()).release },
    handlers: (operation) => ({
      ...preflightHandlers({
        layout,
        lastKnownTimeMs: () => journalBefore,
        checkConfig: (port) => checkConfig(invocation, port),
      }),
      ...platformHandlers(install),
      ...releaseHandlers({ ...release, facts, nodePath: () => process.execPath }, candidate),
      ...serviceHandlers(services),
      ...slotHandlers({
        layout,
        services,
        token: () => tokenOf(operation),
        witness: deferredWitness(async () => (await import('./observation.ts')).localWitness(layout, clock)),
        run: operation.run,
      }),
      ...deferredHandlers(['backup.create', 'backup.prove', 'backup.prune'], async () =>
        (await import('./backup.ts')).backupHandlers(invocation, install),
      ),
      ...checkHandlers({ invocation, facts, run: operation.run }),
      ...notifyHandlers({ layout, clock, run: operation.run }),
      ...deferredHandlers(['smoke.run'], async () =>
        (await import('./smoke.ts')).smokeHandlers({ layout, clock, run: operation.run }),
      ),
      ...deferredHandlers(['migrate.lint', 'migrate.rehearse', 'migrate.up', 'smoke.live'], async () =>
        (await import('./migrations.ts')).migrationHandlers({
          invocation,
          run: operation.run,
          facts,
          candidate: async () => (await candidate()).release,
          platform: install,
        }),
      ),
    }),
  };
}

function platformHandlers(install: () => Promise<Platform>): Handlers {
  return {
    'platform.install': async () => {
      const { id } = await install();
      return { platform: id, shown: `programs ${id}, Node ${process.versions.node}` };
    },
  };
}

/** The token of the lock that this run holds; switching without one is a fault of ours. */
function tokenOf(operation: Operation): number {
  const lock = operation.lock();
  if (lock === undefined) throw new TypeError('a switch needs the lock');
  return lock.token;
}

/** Validates first, keeps only what is valid. */
function checkConfig({ layout }: Invocation, port: number): void {
  const environment = localEnvironment(layout, port);
  loadApiSettings(environment);
  loadTeamSettings(settingsOf(layout));
  loadBackupSettings(settingsOf(layout));
  keepEnvironment(layout, environment);
}

/** What the operator wrote in `.env`. */
function settingsOf(layout: Layout): EnvironmentVariables {
  return readEnvironment(join(layout.root, '.env'));
}
