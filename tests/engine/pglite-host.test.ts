import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { DatabaseError } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HostProcess, hostProcess } from './pglite-host-process.ts';

const ENTRY = join(import.meta.dirname, '../../src/engine/pglite-host-main.ts');

describe('a running database host', () => {
  let host: HostProcess;
  beforeAll(async () => {
    host = hostProcess();
    await host.start();
  });
  afterAll(() => host[Symbol.asyncDispose]());

  test('keeps its folder and socket to its user', () => {
    expect(statSync(host.dataFolder).mode & 0o777).toBe(0o700);
    expect(statSync(host.socketPath).mode & 0o777).toBe(0o600);
  });

  test('keeps the log that an online backup needs', async () => {
    const client = await host.connect();
    const { rows } = await client.query(
      "SELECT current_setting('wal_level') AS level, current_setting('wal_keep_size') AS kept",
    );
    expect(rows).toEqual([{ level: 'replica', kept: '256MB' }]);
  });

  test('gives many clients with large statements each its own answer', async () => {
    const clients = await Promise.all(Array.from({ length: 16 }, () => host.connect()));
    const answers = await Promise.all(
      clients.map(async (client, index) => {
        const text = 'x'.repeat(150_000 + index);
        const { rows } = await client.query(`SELECT length($1) AS length, '${index}' AS who`, [text]);
        return rows[0];
      }),
    );
    expect(answers).toEqual(clients.map((_, index) => ({ length: 150_000 + index, who: String(index) })));
  });

  test("rolls back a dead client's transaction, so that others go on", async () => {
    const dead = await host.connect();
    await dead.query('CREATE TABLE left_open (id int)');
    await dead.query('BEGIN');
    await dead.query('INSERT INTO left_open VALUES (1)');
    await dead.end();
    const { rows } = await (await host.connect()).query('SELECT count(*)::int AS n FROM left_open');
    expect(rows).toEqual([{ n: 0 }]);
  });

  test('ends a transaction that stays open for 5 s without a statement', async () => {
    const idle = await host.connect();
    const other = await host.connect();
    const errors: unknown[] = [];
    idle.on('error', (error) => errors.push(error));
    await idle.query('BEGIN');
    const startedAtMs = performance.now();
    await other.query('SELECT 1');
    expect(performance.now() - startedAtMs).toBeGreaterThan(4500);
    expect(errors[0]).toMatchObject({ code: '25P03' });
  });

  test('goes on after a statement that fails', async () => {
    const client = await host.connect();
    await expect(client.query('SELECT 1/$1::int', [0])).rejects.toMatchObject({ code: '22012' });
    await expect(client.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
  });

  test('refuses the 65th client with a reason', async () => {
    const opened = await Promise.all(Array.from({ length: 70 }, () => connectOrError(host)));
    const refused = opened.filter((result) => result instanceof DatabaseError);
    expect(refused.length).toBeGreaterThanOrEqual(6);
    expect(refused.every((error) => error.code === '53300')).toBe(true);
    for (const client of opened) if (!(client instanceof Error)) await client.end();
  });

  test('is alone on its folder: a second host gives up and says who owns it', async () => {
    const second = spawn(process.execPath, [
      ENTRY,
      '--data',
      host.dataFolder,
      '--socket',
      `${host.socketPath}2`,
    ]);
    let said = '';
    second.stderr.on('data', (chunk) => {
      said += String(chunk);
    });
    await once(second, 'exit');
    expect(second.exitCode).toBe(1);
    expect(said).toMatch(/process \d+ owns the database's folder/);
  });
});

async function connectOrError(
  host: HostProcess,
): Promise<Awaited<ReturnType<HostProcess['connect']>> | Error> {
  try {
    return await host.connect();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

describe('the life of a database host', () => {
  let seed: HostProcess;
  beforeAll(async () => {
    seed = hostProcess();
    await seed.start();
    await seed.signal('SIGTERM');
  });
  afterAll(() => seed[Symbol.asyncDispose]());
  const seeded = () => {
    const host = hostProcess();
    cpSync(seed.dataFolder, host.dataFolder, { recursive: true });
    return host;
  };

  test('SIGTERM closes cleanly with exit 0, and the next start finds the data', async () => {
    await using host = seeded();
    await host.start();
    await (await host.connect()).query('CREATE TABLE kept AS SELECT 7 AS seven');
    expect(await host.signal('SIGTERM')).toBe(0);
    await host.start();
    expect((await (await host.connect()).query('SELECT * FROM kept')).rows).toEqual([{ seven: 7 }]);
  });

  test('SIGKILL under load loses no acknowledged row, and it answers again within 3 s', async () => {
    await using host = seeded();
    const firstStartMs = await host.start();
    await (await host.connect()).query('CREATE TABLE acknowledged (key text PRIMARY KEY)');
    const keys: string[] = [];
    const writers = Array.from({ length: 8 }, (_, writer) => write(host, writer, keys));
    while (keys.length < 500) await delay(5);
    await host.signal('SIGKILL');
    await Promise.all(writers);
    // On a machine so busy that any start takes seconds, four times that is the bar.
    expect(await host.start()).toBeLessThan(Math.max(3000, 4 * firstStartMs));
    const { rows } = await (await host.connect()).query('SELECT key FROM acknowledged');
    const stored = new Set(rows.map((row) => row.key));
    expect(keys.filter((key) => !stored.has(key))).toEqual([]);
  });

  test('a folder that a dying process left half made is made anew', async () => {
    await using host = hostProcess();
    mkdirSync(host.dataFolder);
    writeFileSync(join(host.dataFolder, 'PG_VERSION'), '18\n');
    writeFileSync(`${host.dataFolder}.initialising`, '');
    await host.start();
    expect((await (await host.connect()).query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  test('a socket on which another process listens is left alone', async () => {
    await using host = seeded();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(host.socketPath, () => resolve()));
    const child = spawn(process.execPath, [ENTRY, '--data', host.dataFolder, '--socket', host.socketPath]);
    await once(child, 'exit');
    expect(child.exitCode).toBe(1);
    expect(other.listening).toBe(true);
    await new Promise((resolve) => other.close(resolve));
  });

  test('as one bundled file it needs nothing but its three assets', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ompay-bundle-'));
    try {
      await using host = hostProcess(await bundleInto(folder));
      await host.start();
      expect((await (await host.connect()).query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Inserts until the connection breaks; a key is noted once its row is acknowledged. */
async function write(host: HostProcess, writer: number, keys: string[]): Promise<void> {
  const client = await host.connect();
  try {
    for (let number = 0; number < 100_000; number += 1) {
      const key = `${writer}-${number}`;
      await client.query('INSERT INTO acknowledged VALUES ($1)', [key]);
      keys.push(key);
    }
  } catch {
    // The host was killed: what follows was not acknowledged.
  }
}

async function bundleInto(folder: string): Promise<string> {
  const outfile = join(folder, 'pglite-host.mjs');
  await build({
    entryPoints: [ENTRY],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    logLevel: 'silent',
    banner: {
      js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
    },
  });
  for (const asset of ['pglite.wasm', 'pglite.data', 'initdb.wasm']) {
    const source = new URL(asset, import.meta.resolve('@electric-sql/pglite'));
    copyFileSync(fileURLToPath(source), join(folder, asset));
  }
  return outfile;
}
