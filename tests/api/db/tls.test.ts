import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Database, openDatabase } from '../../../src/api/db/open.ts';
import type { DatabaseSettings } from '../../../src/api/db/settings.ts';
import { type Certificates, giveKey, makeCertificates } from '../../fixtures/certificates.ts';
import {
  type DatabaseServer,
  MARIADB,
  MYSQL,
  POSTGRESQL,
  type ServerKind,
} from '../../fixtures/databases.ts';
import { freePort } from '../../fixtures/installation.ts';
import { serverUser } from '../../fixtures/servers/postgresql.ts';

/** Longer than a test: whoever waits for it has not failed at once. */
const CONNECT_WAIT_MS = 120_000;

for (const kind of [MARIADB, MYSQL, POSTGRESQL]) {
  if (kind.absent !== undefined) process.stderr.write(`skipped: TLS to ${kind.name}: ${kind.absent}\n`);
  describe.skipIf(kind.absent !== undefined)(`TLS to ${kind.name}`, () => {
    let server: DatabaseServer;
    let settings: DatabaseSettings;
    let certificates: Certificates;

    beforeAll(async () => {
      certificates = makeCertificates('localhost');
      const port = await freePort();
      server = await kind.start({ port, args: tlsArgs(kind, certificates) });
      settings = { ...(await server.emptyDatabase()), socketPath: undefined, host: 'localhost', port };
    });
    afterAll(async () => {
      certificates?.remove();
      await server?.stop();
    });

    const trusting = (caPath: string | null, port = settings.port): Database => {
      const db = openDatabase({ ...settings, port, tls: { caPath }, connectWaitMs: CONNECT_WAIT_MS });
      onTestFinished(() => db.close());
      return db;
    };

    it('is spoken with a server that the authority vouches for', async () => {
      const { rows } = await CIPHER[kind.family].execute(trusting(certificates.authority).kysely);
      expect(rows[0]?.Value).toMatch(/^TLS_|^ECDHE/);
    });

    it('fails at once, and says why, with a server that only another authority vouches for', async () => {
      for (const caPath of [certificates.otherAuthority, null]) {
        const failure = sql`select 1`.execute(trusting(caPath).kysely);
        await expect(failure).rejects.toMatchObject({
          code: 'databaseUnavailable',
          message: expect.stringContaining('does not prove by TLS who it is'),
          hint: expect.stringContaining('DB_TLS_CA'),
        });
      }
    });

    it('fails with a certificate for another host', async () => {
      const elsewhere = makeCertificates('another.host');
      onTestFinished(elsewhere.remove);
      const port = await freePort();
      const other = await kind.start({ port, args: tlsArgs(kind, elsewhere) });
      onTestFinished(() => other.stop());
      const failure = sql`select 1`.execute(trusting(elsewhere.authority, port).kysely);
      await expect(failure).rejects.toMatchObject({
        message: expect.stringContaining('does not prove by TLS who it is'),
      });
    });
  });
}

describe('a list of authorities', () => {
  it('is named when it cannot be read', () => {
    const settings: DatabaseSettings = {
      connection: 'mysql',
      host: 'localhost',
      tls: { caPath: '/nowhere/authority.pem' },
      database: 'ompay',
      username: 'ompay',
      poolSize: 2,
      statementTimeoutMs: 1_000,
    };
    expect(() => openDatabase(settings)).toThrow(
      expect.objectContaining({ code: 'configInvalid', message: expect.stringContaining('DB_TLS_CA') }),
    );
  });
});

const CIPHER = {
  mysql: sql<{ Value: string }>`show session status like 'Ssl_cipher'`,
  postgresql: sql<{ Value: string }>`select cipher as "Value" from pg_stat_ssl where pid = pg_backend_pid()`,
};

function tlsArgs({ family }: ServerKind, certificates: Certificates): readonly string[] {
  const { authority, certificate, key } = certificates;
  giveKey(certificates, family === 'postgresql' ? serverUser() : undefined);
  return family === 'mysql'
    ? [`--ssl-ca=${authority}`, `--ssl-cert=${certificate}`, `--ssl-key=${key}`]
    : ['-c', 'ssl=on', '-c', `ssl_cert_file=${certificate}`, '-c', `ssl_key_file=${key}`];
}
