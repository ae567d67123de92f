import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../src/core/clock.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { MariadbSettings } from '../../../src/engine/mariadb/settings.ts';
import { type MysqlSession, openSession } from '../../../src/engine/mysql/session.ts';
import { makeCertificates } from '../../fixtures/certificates.ts';
import { type DatabaseServer, MARIADB } from '../../fixtures/databases.ts';
import { freePort } from '../../fixtures/installation.ts';

const LIMITS = { connectMs: 5000, queryMs: 60_000 };
const PASSWORD = `it's a "long" \\ #password`;
const SQL_PASSWORD = `it''s a "long" \\\\ #password`;

const BACKUP_PROGRAM = '/usr/bin/mariadb-backup';

/** Why MariaDB cannot be copied on this machine. */
export const ENGINE_ABSENT =
  MARIADB.absent ??
  (existsSync(BACKUP_PROGRAM) ? undefined : `${BACKUP_PROGRAM} is missing (package mariadb-backup)`);

/** As a server whose log is received: by rows, and a COMMIT waits for a receiver, if there is one. */
export const RECEIVED = [
  '--binlog-format=ROW',
  '--gtid-strict-mode=ON',
  '--rpl-semi-sync-master-enabled=ON',
  '--rpl-semi-sync-master-timeout=600000',
  '--rpl-semi-sync-master-wait-no-slave=OFF',
] as const;

/** A MariaDB server as a production host has it: a binary log, TLS, a user for backups. */
export interface MariadbSource {
  readonly server: DatabaseServer;
  /** An empty folder of the test's own. */
  readonly folder: string;
  readonly settings: MariadbSettings & { readonly dataFolder: string };
  /** As root on the socket, in the database `ompay`; the caller closes it. */
  connect(): Promise<MysqlSession>;
  dispose(): Promise<void>;
}

export async function startSource(args: readonly string[] = []): Promise<MariadbSource> {
  const { authority, certificate, key, remove } = makeCertificates('localhost,IP:127.0.0.1');
  const port = await freePort();
  const tls = [`--ssl-ca=${authority}`, `--ssl-cert=${certificate}`, `--ssl-key=${key}`];
  const server = await MARIADB.start({ port, args: [...tls, ...args] });
  const { socketPath = '' } = await server.emptyDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'ompay-test-'));
  chmodSync(folder, 0o700);
  const root = { place: { socketPath }, username: 'root', password: new Secret('') };
  const connect = (): Promise<MysqlSession> => openSession(root, LIMITS, 'ompay');
  const session = await connect();
  await session.run('create database ompay');
  await session.run(`create user ompay_backup@'127.0.0.1' identified by '${SQL_PASSWORD}' require ssl`);
  await session.run(
    "grant reload, process, lock tables, binlog monitor, replication slave, select on *.* to ompay_backup@'127.0.0.1'",
  );
  session.close();
  const place = { host: '127.0.0.1', port, authorityPath: authority };
  return {
    server,
    folder,
    settings: {
      source: { place, username: 'ompay_backup', password: new Secret(PASSWORD) },
      database: 'ompay',
      dataFolder: join(dirname(socketPath), 'data'),
      workFolder: join(folder, 'work'),
      serverCommand: ['/usr/sbin/mariadbd', `--user=${userInfo().username}`],
      backupCommand: [BACKUP_PROGRAM],
      clock: systemClock,
    },
    connect,
    dispose: async () => {
      await server.stop();
      remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
