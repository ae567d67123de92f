import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createBackup } from '../../../src/backup/create.ts';
import { keyPath } from '../../../src/backup/keys.ts';
import type { BackupDeps } from '../../../src/backup/types.ts';
import { verifyBackup } from '../../../src/backup/verify.ts';
import { LEDGER_PROOF } from '../../../src/cli/kit/ledger-proof.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { Secret } from '../../../src/core/secret.ts';
import { captureDump } from '../../../src/engine/dump/capture.ts';
import { openServer } from '../../../src/engine/dump/position.ts';
import { dumpBytes } from '../../../src/engine/dump/program.ts';
import { proveDump } from '../../../src/engine/dump/prove.ts';
import type { DumpSource } from '../../../src/engine/dump/source.ts';
import { proveCopy } from '../../../src/engine/proof.ts';
import { backupDeps, signingKeys } from '../../fixtures/backup.ts';
import { pathIn } from '../../fixtures/damage.ts';
import { type DatabaseServer, MYSQL, POSTGRESQL } from '../../fixtures/databases.ts';
import { migratedDatabase, openLedger } from '../../fixtures/ledgers.ts';
import { between } from '../../fixtures/posts.ts';
import { mysqlClient } from '../../fixtures/servers/mysql.ts';
import { PROGRAMS } from '../../fixtures/servers/postgresql.ts';
import { ENGINE_ABSENT, startSource as startMariadb } from '../mariadb/source.ts';
import { startSource as startMysql } from '../mysql/source.ts';
import { startSource as startPostgres } from '../postgres/source.ts';

interface Dumped {
  readonly source: DumpSource['source'];
  readonly server: DatabaseServer;
  readonly folder: string;
  readonly program: string;
  dispose(): Promise<void>;
}

async function postgres(): Promise<Dumped> {
  const source = await startPostgres();
  return { ...source, source: source.settings.source, program: join(PROGRAMS, 'pg_dump') };
}

async function mariadb(): Promise<Dumped> {
  const source = await startMariadb();
  const session = await source.connect();
  await session.run("grant show view, trigger on *.* to ompay_backup@'127.0.0.1'");
  session.close();
  return { ...source, source: source.settings.source, program: '/usr/bin/mariadb-dump' };
}

async function mysql(): Promise<Dumped> {
  const source = await startMysql();
  const session = await source.connect();
  await session.run("grant show view, trigger on *.* to backup@'127.0.0.1'");
  session.close();
  for (const name of ['mysqldump', 'mysql'] as const) {
    const words = mysqlClient(name).slice(0, -1);
    writeFileSync(join(source.folder, name), `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o700 });
  }
  return { ...source, source: source.access, program: join(source.folder, 'mysqldump') };
}

const ALL = [
  { engine: 'postgres', start: postgres, isAbsent: POSTGRESQL.absent !== undefined },
  { engine: 'mariadb', start: mariadb, isAbsent: ENGINE_ABSENT !== undefined },
  { engine: 'mysql', start: mysql, isAbsent: MYSQL.absent !== undefined },
] as const;

for (const { engine, start, isAbsent } of ALL) {
  test.skipIf(isAbsent)(
    `a dump of ${engine} is proven by its rows, and loaded by the commands of its RESTORE.md is a ledger that is proven`,
    { timeout: 300_000 },
    async () => {
      const { source, server, folder, program, dispose } = await start();
      onTestFinished(dispose);
      const settings = await migratedDatabase(server);
      const { ledger, pair } = openLedger(settings);
      const [payer, payee] = await pair();
      await ledger.post(between(payer, payee));
      const dump: DumpSource = { engine, source, database: settings.database, program, clock: systemClock };
      const base = await backupDeps(folder, signingKeys());
      const deps: BackupDeps = {
        ...base,
        site: 'lab.logical',
        queries: LEDGER_PROOF,
        engine: { ...base.engine, capture: captureDump(dump) },
        content: { kind: 'logical', source: engine, prove: proveDump },
      };
      const { backup, checks } = await createBackup(deps);
      expect(backup).toMatchObject({ kind: 'logical', engine, method: 'online' });
      expect(backup.serverVersion).toMatch(/^\d+\.\d+/);
      expect(backup.to).toMatch(engine === 'postgres' ? /^\w+\/\w+$/ : /\d-\d/);
      expect(checks).toBe(3);
      await verifyBackup(deps, { id: backup.id, level: 4 });
      const socketPath = settings.socketPath ?? '';
      await loadByItsGuide(folder, socketPath, engine);
      const owner = { place: { socketPath }, username: OWNERS[engine], password: new Secret('') };
      const loaded = await openServer({ ...dump, source: owner, database: 'loaded' });
      onTestFinished(() => loaded.close());
      const proof = await proveCopy(loaded, LEDGER_PROOF, null);
      expect(proof.checks.map(({ verdict }) => verdict)).toEqual(LEDGER_PROOF.map(() => 'pass'));
      const transfers = await loaded.rows('select count(*) as count from transfers', []);
      expect(transfers).toEqual([{ count: '2' }]);
    },
  );
}

const OWNERS = { postgres: 'postgres', mariadb: 'root', mysql: 'root' } as const;

/** As they stand there, where the clients know the server and its owner by themselves. */
async function loadByItsGuide(folder: string, socketPath: string, engine: string): Promise<void> {
  const guide = await pathIn(folder, 'disk', 'RESTORE.md');
  const [, block = ''] = /```sh\n(.*?)```/s.exec(readFileSync(guide, 'utf8')) ?? [];
  const line = block
    .replaceAll('KEY', keyPath(join(folder, 'keys'), 'escrow'))
    .replaceAll('DATABASE', 'loaded');
  writeFileSync(join(folder, '.my.cnf'), `[client]\nuser=root\nsocket=${socketPath}\n`);
  const port = basename(socketPath).replace('.s.PGSQL.', '');
  const postgresql =
    engine === 'postgres' ? { PGHOST: dirname(socketPath), PGPORT: port, PGUSER: 'postgres' } : {};
  const PATH = `${folder}:${PROGRAMS}:/usr/local/bin:/usr/bin:/bin`;
  execFileSync('bash', ['-o', 'pipefail', '-ec', line], {
    cwd: dirname(guide),
    env: { PATH, HOME: folder, ...postgresql },
    stdio: 'pipe',
    timeout: 120_000,
  });
}

test('a program that fails is told by its last word, and what cannot be begun by its name', async () => {
  const source = { place: { socketPath: '/nowhere.sock' }, username: 'nobody', password: new Secret('p') };
  const dump = { engine: 'mysql', source, database: 'ompay', clock: systemClock } as const;
  for (const [program, why] of [
    ['/nonexistent/mysqldump', 'ENOENT'],
    ['/bin/false', 'it ended (1)'],
  ] as const) {
    const read = async (): Promise<void> => {
      for await (const _ of dumpBytes({ ...dump, program }));
    };
    await expect(read()).rejects.toMatchObject({
      code: 'databaseUnavailable',
      message: expect.stringContaining(why),
      hint: expect.stringContaining('docs/backup.md'),
    });
  }
});
