import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../src/core/clock.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { PostgresAccess } from '../../../src/engine/postgres/access.ts';
import { openSession, type PostgresSession } from '../../../src/engine/postgres/session.ts';
import type { PostgresSettings } from '../../../src/engine/postgres/settings.ts';
import { type Certificates, giveKey, makeCertificates } from '../../fixtures/certificates.ts';
import { type DatabaseServer, POSTGRESQL } from '../../fixtures/databases.ts';
import { freePort } from '../../fixtures/installation.ts';
import { PROGRAMS, serverUser } from '../../fixtures/servers/postgresql.ts';

const LIMITS = { connectMs: 5000, queryMs: 60_000 };
const PASSWORD = "it's a \\ password";

/** A PostgreSQL server as a production host has it: TLS, passwords, a role for backups. */
export interface PostgresSource {
  readonly server: DatabaseServer;
  /** An empty folder of the test's own. */
  readonly folder: string;
  readonly settings: PostgresSettings;
  readonly certificates: Certificates;
  readonly dataFolder: string;
  /** As the server's owner on the socket; the caller closes it. */
  connect(): Promise<PostgresSession>;
  dispose(): Promise<void>;
}

export async function startSource(args: readonly string[] = []): Promise<PostgresSource> {
  const certificates = makeCertificates('localhost,IP:127.0.0.1');
  giveKey(certificates, serverUser());
  const port = await freePort();
  const { certificate, key } = certificates;
  const tls = ['ssl=on', `ssl_cert_file=${certificate}`, `ssl_key_file=${key}`];
  const server = await POSTGRESQL.start({
    port,
    hba: ['local all all trust', 'hostssl all,replication ompay_backup 127.0.0.1/32 scram-sha-256'],
    args: [...tls.flatMap((setting) => ['-c', setting]), ...args],
  });
  const { socketPath = '' } = await server.emptyDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'ompay-test-'));
  chmodSync(folder, 0o700);
  const owner = { place: { socketPath }, username: 'postgres', password: new Secret('') };
  const connect = (): Promise<PostgresSession> => openSession(owner, LIMITS, 'postgres');
  const session = await connect();
  await session.rows(
    `create role ompay_backup login replication password '${PASSWORD.replaceAll("'", "''")}'`,
  );
  await session.rows('grant pg_read_all_data, pg_read_all_stats to ompay_backup');
  await session.close();
  const place = { host: '127.0.0.1', port, authorityPath: certificates.authority };
  const source: PostgresAccess = { place, username: 'ompay_backup', password: new Secret(PASSWORD) };
  return {
    server,
    folder,
    certificates,
    dataFolder: join(dirname(socketPath), 'data'),
    settings: { source, database: 'postgres', programFolder: PROGRAMS, clock: systemClock },
    connect,
    dispose: async () => {
      await server.stop();
      certificates.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
