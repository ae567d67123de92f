import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Secret } from '../../../src/core/secret.ts';
import type { MysqlAccess } from '../../../src/engine/mysql/access.ts';
import { type MysqlSession, openSession } from '../../../src/engine/mysql/session.ts';
import { type Certificates, makeCertificates } from '../../fixtures/certificates.ts';
import { type DatabaseServer, MYSQL } from '../../fixtures/databases.ts';

const LIMITS = { connectMs: 5000, queryMs: 60_000 };
const PASSWORD = "it's a \\ password";
const SQL_PASSWORD = "it''s a \\\\ password";

/** A MySQL server as a production host has it: GTIDs, TLS, semi-synchronous source, the clone plugin. */
export interface MysqlSource {
  readonly server: DatabaseServer;
  readonly dataFolder: string;
  /** An empty folder of the test's own. */
  readonly folder: string;
  /** Over TCP and TLS, as the backup's own user. */
  readonly access: MysqlAccess;
  /** As root on the socket, in the database `ompay`; the caller closes it. */
  connect(): Promise<MysqlSession>;
  dispose(): Promise<void>;
}

export async function startSource(args: readonly string[] = []): Promise<MysqlSource> {
  const certificates = makeCertificates('localhost,IP:127.0.0.1');
  const port = await freePort();
  const server = await MYSQL.start({ port, args: [...argumentsOf(certificates), ...args] });
  const { socketPath = '' } = await server.emptyDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'ompay-test-'));
  chmodSync(folder, 0o700);
  const root = { place: { socketPath }, username: 'root', password: new Secret('') };
  const connect = (): Promise<MysqlSession> => openSession(root, LIMITS, 'ompay');
  const session = await connect();
  await session.run('create database ompay');
  await session.run(`create user backup@'127.0.0.1' identified by '${SQL_PASSWORD}' require ssl`);
  await session.run("grant backup_admin, replication slave, replication client on *.* to backup@'127.0.0.1'");
  await session.run("grant select on *.* to backup@'127.0.0.1'");
  session.close();
  const place = { host: '127.0.0.1', port, authorityPath: certificates.authority };
  return {
    server,
    dataFolder: join(dirname(socketPath), 'data'),
    folder,
    access: { place, username: 'backup', password: new Secret(PASSWORD) },
    connect,
    dispose: async () => {
      await server.stop();
      certificates.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function argumentsOf({ authority, certificate, key }: Certificates): readonly string[] {
  return [
    '--gtid-mode=ON',
    '--enforce-gtid-consistency=ON',
    '--plugin-load=mysql_clone.so;semisync_source.so',
    '--loose-rpl-semi-sync-source-enabled=ON',
    '--loose-rpl-semi-sync-source-timeout=600000',
    '--loose-rpl-semi-sync-source-wait-no-replica=OFF',
    `--ssl-ca=${authority}`,
    `--ssl-cert=${certificate}`,
    `--ssl-key=${key}`,
  ];
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
