import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { isAlive, startTimeOf } from '../../../src/core/process.ts';
import { Secret } from '../../../src/core/secret.ts';
import { mysqlEngine } from '../../../src/engine/mysql.ts';
import { engineContract } from '../../contract/engine.ts';
import { MYSQL } from '../../fixtures/databases.ts';
import { MYSQLD } from '../../fixtures/servers/mysql.ts';
import { temporaryFolder } from '../../fixtures/servers/server.ts';
import { startSource } from './source.ts';

if (MYSQL.absent !== undefined) process.stderr.write(`skipped: the MySQL engine: ${MYSQL.absent}\n`);
else {
  engineContract('mysql', async () => {
    const source = await startSource();
    let session = await source.connect();
    await session.run('create table transfers (id bigint primary key auto_increment, v text)');
    const post = async (): Promise<void> =>
      session.run("insert into transfers (v) values ('a'), ('b'), ('c')");
    await post();
    const engine = mysqlEngine({
      source: source.access,
      database: 'ompay',
      dataFolder: source.dataFolder,
      workFolder: join(source.folder, 'work'),
      serverCommand: MYSQLD,
      clock: systemClock,
    });
    return {
      engine,
      folder: join(source.folder, 'copies'),
      query: async (sql) => (await session.rows(sql)) ?? [],
      post,
      stop: async () => {
        session.close();
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

test('a server that a killed run left on a copy is ended, and nobody else', async () => {
  const folder = join(temporaryFolder(), 'data');
  mkdirSync(folder);
  const left = spawn('sleep', ['600'], { stdio: 'ignore' });
  const pid = left.pid ?? 0;
  const identity = { pid, startTime: startTimeOf(pid) ?? '' };
  const note = join(folder, '..', '.data.mysqld');
  const engine = mysqlEngine({
    source: { place: { socketPath: 'none' }, username: '', password: new Secret('') },
    database: 'ompay',
    workFolder: folder,
    serverCommand: MYSQLD,
    clock: systemClock,
  });
  try {
    writeFileSync(note, JSON.stringify({ ...identity, startTime: '1', socketFolder: '/etc' }));
    await engine.reap(folder);
    expect(isAlive(identity)).toBe(true);
    writeFileSync(note, JSON.stringify({ ...identity, socketFolder: '/etc' }));
    await engine.reap(folder);
    expect(isAlive(identity)).toBe(false);
    expect(existsSync(note)).toBe(false);
    expect(existsSync('/etc')).toBe(true);
  } finally {
    left.kill('SIGKILL');
  }
});
