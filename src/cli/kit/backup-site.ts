import { createPublicKey } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ensureBackupKeys } from '../../backup/keys.ts';
import type { BackupDeps } from '../../backup/types.ts';
import { type BackupSettings, loadBackupSettings } from '../../config/copies.ts';
import { environmentVariables } from '../../config/env-file.ts';
import { type EnvironmentVariables, loadApiSettings } from '../../config/load.ts';
import { environmentNamed, LOCAL, readProject } from '../../config/yml/project.ts';
import { SETTINGS } from '../../config/yml/settings.ts';
import { OmpayError } from '../../core/errors.ts';
import { readEnvironment } from '../../deploy/environment.ts';
import { installPlatform, type Platform } from '../../deploy/handlers/platform.ts';
import type { DumpSource } from '../../engine/dump/source.ts';
import type { Engine } from '../../engine/engine.ts';
import type { RedisSource } from '../../engine/files/redis.ts';
import type { PostgresSettings } from '../../engine/postgres/settings.ts';
import { journalFiles } from '../../plan/journal.ts';
import { journalKey } from '../../plan/journal-key.ts';
import { readSecrets } from '../../secrets/file.ts';
import { requireIdentity } from '../../secrets/identity.ts';
import type { Invocation } from '../command.ts';
import { actor } from '../operation.ts';
import { copiesOf, localCopies } from './copies.ts';
import { environmentName } from './environment.ts';
import { LEDGER_PROOF } from './ledger-proof.ts';
import { once } from './once.ts';
import {
  localEngine,
  type ServersMariadb,
  type ServersMysql,
  serversDump,
  serversEngine,
  serversEngineName,
  serversMariadbLog,
  serversMysql,
  serversPostgresSettings,
} from './site-engine.ts';

/** Making and keeping backups of one environment, with what it says of them. */
export interface SiteBackups extends BackupDeps {
  readonly settings: BackupSettings;
  /** Null of every other database. */
  readonly mysql: (() => Promise<ServersMysql>) | null;
  /** Null of every other database. */
  readonly mariadb: (() => Promise<ServersMariadb>) | null;
  readonly postgres: (() => Promise<PostgresSettings>) | null;
  /** Null of the embedded database: no stock program dumps it. */
  readonly dump: (() => Promise<DumpSource>) | null;
  /** Null when the environment has none. */
  readonly redis: () => Promise<RedisSource | null>;
}

/** What differs between this machine's installation and servers. */
export type Site = Pick<
  SiteBackups,
  | 'site'
  | 'settings'
  | 'stores'
  | 'workFolder'
  | 'engine'
  | 'mysql'
  | 'mariadb'
  | 'postgres'
  | 'dump'
  | 'redis'
>;

/** Does `work` with the backups of the environment that `-e` names, and ends the connections of the stores. */
export async function withBackups<Result>(
  invocation: Invocation,
  work: (deps: SiteBackups) => Promise<Result>,
  asOfMs: number | null = null,
): Promise<Result> {
  const deps = await siteBackups(invocation, await siteOf(invocation, asOfMs));
  try {
    return await work(deps);
  } finally {
    await Promise.allSettled(deps.stores.map((store) => store.close()));
  }
}

/** Keys and signatures are this installation's, whichever environment it looks after. */
export async function siteBackups({ clock, layout }: Invocation, site: Site): Promise<SiteBackups> {
  const { identity, formerIdentities, recipients } = await ensureBackupKeys(layout.keys, clock);
  const signingKey = journalKey(journalFiles(layout));
  return {
    ...site,
    verificationKey: createPublicKey(signingKey),
    queries: LEDGER_PROOF,
    recipients,
    identity,
    formerIdentities,
    signingKey,
    clock,
    actor: { owner: actor(), machine: hostname() },
  };
}

async function siteOf(invocation: Invocation, asOfMs: number | null): Promise<Site> {
  const name = environmentName(invocation);
  if (name !== LOCAL) return serversSite(invocation, name, asOfMs);
  // The programs are put in place first: nothing must be deployed for that.
  return localSite(invocation, await installPlatform(invocation.layout, invocation.programRoot), asOfMs);
}

export function localSite(invocation: Invocation, platform: Platform, asOfMs: number | null = null): Site {
  const { layout } = invocation;
  return {
    ...localCopies(layout, asOfMs),
    site: LOCAL,
    engine: localEngine(invocation, platform),
    workFolder: join(layout.state, 'work'),
    mysql: null,
    mariadb: null,
    postgres: null,
    dump: null,
    redis: async () => redisOf(readEnvironment(layout.environment)),
  };
}

/** The database is not asked for until it is to be copied or a copy is started: looking at copies takes less. */
async function serversSite(invocation: Invocation, name: string, asOfMs: number | null): Promise<Site> {
  const { layout, clock } = invocation;
  const config = environmentNamed(readProject(layout), name);
  const identity = once(() => requireIdentity(invocation.environment, layout.root));
  const { secrets } = await readSecrets({ layout, config, identity });
  const variables = environmentVariables(config, secrets);
  const said = loadBackupSettings(variables);
  const last = config.value(SETTINGS.retentionBackups) ?? said.retention.last;
  const settings = { ...said, retention: { ...said.retention, last } };
  const workFolder = join(layout.state, `work-${name}`);
  const connection = config.value(SETTINGS.databaseConnection);
  const engineName = serversEngineName(connection);
  if (engineName === undefined) throw notCopied(name, connection);
  const servers = once(async () => {
    const { database } = loadApiSettings(variables);
    return { database, source: settings.source, workFolder, clock };
  });
  return {
    ...copiesOf(layout, settings, asOfMs),
    site: name,
    workFolder,
    dump: once(async () => serversDump(await servers())),
    redis: async () => redisOf(variables),
    mysql: engineName === 'mysql' ? once(async () => serversMysql(await servers())) : null,
    mariadb: engineName === 'mariadb' ? once(async () => serversMariadbLog(await servers())) : null,
    postgres: engineName === 'postgres' ? once(async () => serversPostgresSettings(await servers())) : null,
    engine: lazily(
      engineName,
      once(async () => serversEngine(await servers())),
    ),
  };
}

/** Of a Redis behind sentinels nothing is copied: docs/backup.md says so. */
function redisOf(variables: EnvironmentVariables): RedisSource | null {
  if (Object.keys(variables).length === 0) return null;
  const { redis } = loadApiSettings(variables);
  if (redis === null || redis.place.kind === 'sentinel') return null;
  return { ...redis, place: redis.place };
}

function lazily(name: Engine['name'], open: () => Promise<Engine>): Engine {
  return {
    name,
    capture: async (request, archive) => (await open()).capture(request, archive),
    boot: async (folder, request) => (await open()).boot(folder, request),
    reap: async (folder) => (await open()).reap(folder),
  };
}

function notCopied(name: string, connection: string | undefined): OmpayError {
  return new OmpayError(
    'configInvalid',
    `${name} has ${connection === undefined ? 'no database.connection' : `a database of ${connection}`}: backups of servers are of MySQL, MariaDB and PostgreSQL`,
    { hint: 'docs/backup.md says what is copied; of others make a dump by their own tools' },
  );
}
