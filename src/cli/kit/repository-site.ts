import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { readKey } from '../../backup/keys.ts';
import { loadBackupSettings } from '../../config/copies.ts';
import { diskRefusal } from '../../core/disk.ts';
import { OmpayError } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { installPlatform } from '../../deploy/handlers/platform.ts';
import { directoryStore } from '../../store/directory.ts';
import { saidSigner } from '../../store/repository/repository.ts';
import type { Store } from '../../store/store.ts';
import { type Invocation, textOption } from '../command.ts';
import { actor } from '../operation.ts';
import { type SiteBackups, withBackups } from './backup-site.ts';
import { LEDGER_PROOF } from './ledger-proof.ts';
import { once } from './once.ts';
import {
  localEngine,
  serversEngine,
  serversMariadbLog,
  serversMysql,
  serversPostgresSettings,
} from './site-engine.ts';

/** `local/pglite-…/repo.json`; what lies beside a database has a site of its own, and becomes no data folder. */
const REPOSITORY = /^([^/]+)\/(mysql|mariadb|postgres|pglite)-[^/]+\/repo\.json$/;
const OTHER_KINDS = /\.(?:logical|files)$/;
const CONNECTIONS = { mysql: 'mysql', mariadb: 'mariadb', postgres: 'pgsql', pglite: 'pglite' } as const;

/** Does `work` with what is restored from: the backups of an environment, or a repository alone. */
export async function withRestorable<Result>(
  invocation: Invocation,
  work: (deps: SiteBackups) => Promise<Result>,
  asOfMs: number | null,
): Promise<Result> {
  const folder = textOption(invocation.command, 'repository');
  if (folder === undefined) return withBackups(invocation, work, asOfMs);
  return work(await repositorySite(invocation, folder));
}

interface FoundSite {
  readonly site: string;
  readonly engine: keyof typeof CONNECTIONS;
  /** The beginnings of its servers' keys. */
  readonly repositories: readonly string[];
}

/**
 * What restoring takes of `--repository FOLDER` and `--key FILE` alone: no ompay.yml, no secrets, no keys of this machine. Who
 * signed it is what the repository says of itself, unless `--signer` says it; which one is told on stderr.
 * Throws `usage`, `notFound`, `backupDamaged`.
 */
async function repositorySite(invocation: Invocation, folder: string): Promise<SiteBackups> {
  const { clock, command, environment, layout } = invocation;
  const store = directoryStore({ name: 'repository', root: resolve(folder), offsite: false });
  const { site, engine, repositories } = await siteIn(store, folder, textOption(command, 'site'));
  const identity = await identityOf(textOption(command, 'key'));
  const settings = loadBackupSettings({ ...environment, ...NO_COPIES });
  const workFolder = join(layout.state, `work-${site}`);
  const servers = once(async () => ({
    database: databaseOf(engine, textOption(command, 'database')),
    // Nothing is copied, so nobody logs in.
    source: { ...settings.source, password: new Secret('unused') },
    workFolder,
    clock,
  }));
  return {
    site,
    settings,
    stores: [store],
    workFolder,
    engine:
      engine === 'pglite'
        ? localEngine(invocation, await installPlatform(layout, invocation.programRoot))
        : serversEngine(await servers()),
    mysql: engine === 'mysql' ? once(async () => serversMysql(await servers())) : null,
    mariadb: engine === 'mariadb' ? once(async () => serversMariadbLog(await servers())) : null,
    postgres: engine === 'postgres' ? once(async () => serversPostgresSettings(await servers())) : null,
    dump: null,
    redis: async () => null,
    verificationKey: await signerOf(store, repositories, textOption(command, 'signer')),
    // Nothing is written to the repository.
    signingKey: generateKeyPairSync('ed25519').privateKey,
    recipients: [],
    queries: LEDGER_PROOF,
    identity,
    formerIdentities: [],
    clock,
    actor: { owner: actor(), machine: hostname() },
  };
}

/** The folder is all there is. */
const NO_COPIES = {
  BACKUP_DIRECTORY: undefined,
  BACKUP_SFTP_HOST: undefined,
  BACKUP_S3_ENDPOINT: undefined,
} as const;

async function siteIn(store: Store, folder: string, wanted: string | undefined): Promise<FoundSite> {
  const sites = new Map<string, FoundSite>();
  for (const name of foldersIn(folder)) {
    if (OTHER_KINDS.test(name) || (wanted !== undefined && wanted !== name)) continue;
    for (const { key } of await store.list(`${name}/`)) {
      const [, site = '', engine] = REPOSITORY.exec(key) ?? [];
      if (!isEngine(engine)) continue;
      const repositories = [...(sites.get(site)?.repositories ?? []), key.slice(0, -'repo.json'.length)];
      sites.set(site, { site, engine, repositories });
    }
  }
  const [found, ...others] = sites.values();
  if (found === undefined) throw noRepository(folder, wanted);
  if (others.length === 0) return found;
  throw new OmpayError('usage', `${folder} holds backups of ${[...sites.keys()].join(', ')}`, {
    hint: `say which: --site ${found.site}`,
  });
}

function foldersIn(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    throw diskRefusal(error, folder) ?? noRepository(folder, undefined);
  }
}

function isEngine(name: string | undefined): name is keyof typeof CONNECTIONS {
  return name !== undefined && Object.hasOwn(CONNECTIONS, name);
}

function noRepository(folder: string, site: string | undefined): OmpayError {
  const what = site === undefined ? 'no backups of ompay' : `no backups of ${JSON.stringify(site)}`;
  return new OmpayError('notFound', `${folder} holds ${what}`, {
    hint: 'name the folder that holds ENVIRONMENT/ENGINE-SERVER/repo.json, as it lies in a copy',
  });
}

async function identityOf(path: string | undefined): Promise<Secret> {
  if (path !== undefined) return (await readKey(resolve(path))).identity;
  throw new OmpayError('usage', '--key is missing: the private key of one of the recipients', {
    hint: 'ompay restore --repository FOLDER --key backup-escrow.agekey --into FOLDER',
  });
}

function databaseOf(engine: keyof typeof CONNECTIONS, name = 'ompay') {
  return {
    connection: CONNECTIONS[engine],
    database: name,
    socketPath: '/nonexistent',
    username: 'unused',
    poolSize: 1,
    statementTimeoutMs: 60_000,
  };
}

async function signerOf(
  store: Store,
  repositories: readonly string[],
  wanted: string | undefined,
): Promise<KeyObject> {
  const said = new Set<string>();
  for (const repository of repositories) {
    const signer = await saidSigner(store, repository);
    if (signer !== undefined) said.add(signer);
  }
  const found = [...said].find((each) => wanted === undefined || fingerprintOf(each) === wanted);
  if (found === undefined) throw notSigned([...said].map(fingerprintOf), wanted);
  if (wanted === undefined)
    process.stderr.write(
      `! signed by ${fingerprintOf(found)}, as the repository says of itself: compare it with the one of the installation that made it (docs/backup.md, "From a repository and a key alone")\n`,
    );
  return createPublicKey({ key: Buffer.from(found, 'base64'), format: 'der', type: 'spki' });
}

/** `sha256sum` of the key as DER gives the same. */
function fingerprintOf(signer: string): string {
  return createHash('sha256').update(Buffer.from(signer, 'base64')).digest('hex');
}

function notSigned(said: readonly string[], wanted: string | undefined): OmpayError {
  const seen = said.length === 0 ? 'says no signer' : `says that its signer is ${said.join(', ')}`;
  return new OmpayError(
    'backupDamaged',
    `the repository ${seen}${wanted === undefined ? '' : `, not ${wanted}`}`,
    {
      hint: 'do not trust it, or make it anew by ompay backup create; its RESTORE.md opens it without ompay',
    },
  );
}
