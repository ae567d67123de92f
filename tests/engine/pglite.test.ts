import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { livingOwner } from '../../src/core/ownership.ts';
import { isAlive } from '../../src/core/process.ts';
import { ownerFileOf } from '../../src/engine/data-folder.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { engineOf } from '../../src/engine/index.ts';
import { copyInto, engineContract } from '../contract/engine.ts';
import { LEDGER_TABLES, postTransfers } from '../fixtures/ledger.ts';
import { removeFolder, startDatabase, type TestDatabase, temporaryFolder } from '../fixtures/pglite.ts';
import { PGLITE_HOST } from '../fixtures/servers/pglite.ts';

function engineFor(folder: string): Engine {
  return engineOf({
    kind: 'pglite',
    dataFolder: join(folder, 'data'),
    socketPath: join(folder, '.s.PGSQL.5432'),
    hostCommand: PGLITE_HOST,
    clock: systemClock,
  });
}

engineContract('PGlite', async () => {
  const folder = await temporaryFolder();
  let database = await startDatabase(folder);
  await database.query(LEDGER_TABLES);
  await database.query(postTransfers(100));
  return {
    engine: engineFor(folder),
    folder: join(folder, 'copies'),
    query: (sql) => database.query(sql),
    post: async () => {
      await database.query(postTransfers(20));
    },
    stop: () => database.stop('SIGKILL'),
    start: async () => {
      database = await startDatabase(folder);
    },
    dispose: async () => {
      await database.stop('SIGKILL');
      await removeFolder(folder);
    },
  };
});

let folder: string;
let database: TestDatabase;
let engine: Engine;
beforeAll(async () => {
  folder = await temporaryFolder();
  database = await startDatabase(folder);
  await database.query(LEDGER_TABLES);
  await database.query(postTransfers(100));
  engine = engineFor(folder);
});
afterAll(async () => {
  await database.stop('SIGKILL');
  await removeFolder(folder);
});

test('no request waits for the end of a copy of 100 MB', async () => {
  await database.query('create table filler (id bigint, v text)');
  await database.query(
    'insert into filler select n, repeat(md5(n::text), 12) from generate_series(1, 230000) n',
  );
  const [size] = await database.query("select pg_database_size('postgres') as bytes");
  expect(Number(size?.bytes)).toBeGreaterThan(100_000_000);

  const load: { on: boolean; longestMs: number; requests: number } = { on: true, longestMs: 0, requests: 0 };
  const clients = await Promise.all(Array.from({ length: 4 }, () => database.connect()));
  const running = clients.map(async (client, index) => {
    for (let count = 0; load.on; count += 1) {
      const beginMs = performance.now();
      await client.query('insert into filler values ($1, $2)', [index * 1_000_000 + count, 'x'.repeat(200)]);
      load.longestMs = Math.max(load.longestMs, performance.now() - beginMs);
      load.requests += 1;
    }
  });
  const copyBeganMs = performance.now();
  let copyMs = 0;
  try {
    await copyInto(engine, join(folder, 'large'));
    copyMs = performance.now() - copyBeganMs;
  } finally {
    load.on = false;
    await Promise.all(running);
    await Promise.all(clients.map((client) => client.end()));
  }
  expect(load.requests).toBeGreaterThan(50);
  expect(load.longestMs).toBeLessThan(copyMs * 0.8);
  await removeFolder(join(folder, 'large'));
});

test('the copy leaves out what belongs to the running server, and holds only the log that it needs', async () => {
  const copy = join(folder, 'lean');
  const { from, to } = await copyInto(engine, copy);
  const files = await readdir(copy, { recursive: true });
  expect(files).toContain('backup_label');
  expect(files).toContain('global/pg_control');
  expect(files).not.toContain('postmaster.pid');
  const log = files.filter((path) => /^pg_wal\/[0-9A-F]{24}$/.test(path));
  expect(log.length, `${from} to ${to}`).toBeLessThanOrEqual(2);
  expect(log.length).toBeGreaterThan(0);
});

test('a copy without a part of its log is refused at the start, not started as it is', async () => {
  const copy = join(folder, 'torn');
  await copyInto(engine, copy);
  for (const name of await readdir(join(copy, 'pg_wal'))) {
    if (/^[0-9A-F]{24}$/.test(name)) await truncate(join(copy, 'pg_wal', name), 0);
  }
  await expect(engine.boot(copy, { timeoutMs: 60_000 })).rejects.toMatchObject({ code: 'backupDamaged' });
});

test('a backup that was killed and left the server in backup mode does not stop the next', async () => {
  await database.query("select pg_backup_start('killed', true)");
  expect((await copyInto(engine, join(folder, 'after-killed'))).archived.method).toBe('online');
});

test('a database that is starting (owned, not answering) is not copied', async () => {
  const other = await temporaryFolder();
  const sleeper = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  try {
    await copyInto(engine, join(other, 'data'));
    const startTime = (await readFile(`/proc/${sleeper.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[19];
    await writeFile(ownerFileOf(join(other, 'data')), JSON.stringify({ pid: sleeper.pid, startTime }));
    await expect(copyInto(engineFor(other), join(other, 'copy'))).rejects.toMatchObject({
      code: 'databaseUnavailable',
      message: expect.stringContaining(String(sleeper.pid)),
    });
  } finally {
    sleeper.kill('SIGKILL');
    await removeFolder(other);
  }
});

test('while a cold copy is taken no host can own the folder', async () => {
  const other = await temporaryFolder();
  try {
    await copyInto(engine, join(other, 'data'));
    await engineFor(other).capture({ label: 'test', queries: [] }, async ({ entries, method }) => {
      expect(method).toBe('cold');
      expect(livingOwner(ownerFileOf(join(other, 'data')))?.pid).toBe(process.pid);
      for await (const _ of entries);
    });
    expect(existsSync(ownerFileOf(join(other, 'data')))).toBe(false);
  } finally {
    await removeFolder(other);
  }
});

test('a folder that is no database is refused with its name', async () => {
  const empty = join(folder, 'empty');
  await mkdir(empty);
  await expect(copyInto(engineFor(empty), join(empty, 'copy'))).rejects.toMatchObject({
    code: 'stateUnusable',
    message: expect.stringContaining('does not hold a database'),
  });
});

test('a host that does not start in time is killed, and nothing of it is left', async () => {
  const copy = join(folder, 'slow');
  await copyInto(engine, copy);
  const program: readonly [string, ...string[]] = [
    process.execPath,
    '-e',
    `require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'pid'))}, String(process.pid));
     setInterval(() => {}, 1000)`,
    '--',
  ];
  const stuck = engineOf({
    kind: 'pglite',
    dataFolder: copy,
    socketPath: join(folder, 'none'),
    hostCommand: program,
    clock: systemClock,
  });
  await expect(stuck.boot(copy, { timeoutMs: 1000 })).rejects.toMatchObject({
    code: 'backupDamaged',
    message: expect.stringContaining('within 1000 ms'),
  });
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8'));
  expect(isAlive({ pid, startTime: '' })).toBe(false);
});

test('a host that outlived its killed run is ended by reap', async () => {
  const copy = join(folder, 'orphan');
  await copyInto(engine, copy);
  const [program, ...host] = PGLITE_HOST;
  const orphan = spawn(program, [...host, '--data', copy, '--socket', join(folder, 'orphan.sock')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    await once(orphan.stderr.setEncoding('utf8'), 'data');
    const ended = once(orphan, 'exit');
    await engine.reap(copy);
    expect(await ended).toEqual([null, 'SIGKILL']);
  } finally {
    orphan.kill('SIGKILL');
  }
});
