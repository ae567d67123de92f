import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { isAlive, startTimeOf } from '../../../src/core/process.ts';
import { Secret } from '../../../src/core/secret.ts';
import { postgresEngine } from '../../../src/engine/postgres.ts';
import { copyInto, engineContract } from '../../contract/engine.ts';
import { POSTGRESQL } from '../../fixtures/databases.ts';
import { freePort } from '../../fixtures/installation.ts';
import { temporaryFolder } from '../../fixtures/servers/server.ts';
import { type PostgresSource, startSource } from './source.ts';

const { absent } = POSTGRESQL;
if (absent !== undefined) process.stderr.write(`skipped: the PostgreSQL engine: ${absent}\n`);
else {
  engineContract('postgres', async () => {
    const source = await startSource();
    let session = await source.connect();
    await session.rows('create table transfers (id bigserial primary key, v text)');
    const post = async (): Promise<void> => {
      await session.rows("insert into transfers (v) values ('a'), ('b'), ('c')");
    };
    await post();
    return {
      engine: postgresEngine({ ...source.settings, dataFolder: source.dataFolder }),
      folder: join(source.folder, 'copies'),
      query: async (sql) => (await session.rows(sql)) ?? [],
      post,
      stop: async () => {
        await session.close();
        await source.server.kill();
      },
      start: async () => {
        await source.server.restart();
        session = await source.connect();
      },
      dispose: source.dispose,
    };
  });
}

describe.skipIf(absent !== undefined)('what keeps PostgreSQL from being copied is told', () => {
  let source: PostgresSource;
  beforeAll(async () => {
    source = await startSource(['-c', 'wal_keep_size=0']);
  });
  afterAll(() => source.dispose());

  test('a wrong password, in one sentence without the password', async () => {
    const access = { ...source.settings.source, password: new Secret('not-this-one') };
    const engine = postgresEngine({ ...source.settings, source: access });
    const refused: unknown = await copyInto(engine, join(source.folder, 'wrong')).catch((e: unknown) => e);
    expect(refused).toMatchObject({ code: 'databaseUnavailable' });
    expect(String(refused)).toContain('password authentication failed for user "ompay_backup"');
    expect(JSON.stringify(refused) + String(refused)).not.toContain('not-this-one');
  });

  test('a certificate by an authority that is not ours, and an address where nobody is', async () => {
    const { place } = source.settings.source;
    if (!('host' in place)) throw new Error('the source has no port');
    const at = (changed: Partial<typeof place>) =>
      postgresEngine({
        ...source.settings,
        source: { ...source.settings.source, place: { ...place, ...changed } },
      });
    const untrusted = at({ authorityPath: source.certificates.otherAuthority });
    await expect(copyInto(untrusted, join(source.folder, 'untrusted'))).rejects.toThrow(/certificate/);
    const nowhere = at({ port: await freePort() });
    await expect(copyInto(nowhere, join(source.folder, 'nowhere'))).rejects.toThrow(/ECONNREFUSED/);
  });

  test('a copy that starts and whose catalogue is damaged', async () => {
    const engine = postgresEngine(source.settings);
    const folder = join(source.folder, 'damaged');
    await copyInto(engine, folder);
    truncateSync(join(folder, 'global/pg_filenode.map'), 0);
    await expect(engine.boot(folder, { timeoutMs: 60_000 })).rejects.toMatchObject({ code: 'backupDamaged' });
  });

  test('a role without the right to replicate', async () => {
    const session = await source.connect();
    await session.rows('alter role ompay_backup noreplication');
    const refused = copyInto(postgresEngine(source.settings), join(source.folder, 'rights'));
    await expect(refused).rejects.toMatchObject({ code: 'databaseUnavailable' });
    await session.rows('alter role ompay_backup replication');
    await session.close();
  });

  test('a server that is killed in the middle, and no slot is left on it afterwards', async () => {
    const engine = postgresEngine(source.settings);
    const gone = engine.capture({ label: 'test', queries: [] }, async ({ entries }) => {
      let seen = 0;
      for await (const entry of entries) {
        if (seen++ === 20) await source.server.kill();
        if (entry.kind === 'file') for await (const _ of [entry.content].flat());
      }
    });
    await expect(gone).rejects.toMatchObject({ code: 'databaseUnavailable' });
    await source.server.restart();
    await copyInto(engine, join(source.folder, 'again'));
    const session = await source.connect();
    expect(await session.values('select count(*) from pg_replication_slots')).toEqual(['0']);
    await session.close();
  });
});

test('a server that a killed run left on a copy is ended, and nobody else', async () => {
  const folder = join(temporaryFolder(), 'data');
  mkdirSync(folder);
  const left = spawn('sleep', ['600'], { stdio: 'ignore' });
  const pid = left.pid ?? 0;
  const identity = { pid, startTime: startTimeOf(pid) ?? '' };
  const note = join(folder, '..', '.data.postgres');
  const { reap } = postgresEngine({
    source: { place: { socketPath: 'none' }, username: '', password: new Secret('') },
    database: 'ompay',
    programFolder: '/nowhere',
    clock: systemClock,
  });
  try {
    writeFileSync(note, JSON.stringify({ ...identity, startTime: '1', socketFolder: '/etc' }));
    await reap(folder);
    expect(isAlive(identity)).toBe(true);
    writeFileSync(note, JSON.stringify({ ...identity, socketFolder: '/etc' }));
    await reap(folder);
    expect(isAlive(identity)).toBe(false);
    expect(existsSync(note)).toBe(false);
    expect(existsSync('/etc')).toBe(true);
  } finally {
    left.kill('SIGKILL');
    rmSync(join(folder, '..'), { recursive: true, force: true });
  }
});
