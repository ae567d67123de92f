import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { readStatus } from '../../src/engine/mysql/binlog/status.ts';
import type { MysqlSession } from '../../src/engine/mysql/session.ts';
import { MYSQL } from '../fixtures/databases.ts';
import { mysqlProject } from '../fixtures/mysql-project.ts';
import { jsonLines } from '../fixtures/ompay.ts';
import { type UnitMysql, unitMysql } from '../fixtures/servers/unit-mysql.ts';
import { onTerminal } from '../fixtures/terminal.ts';

if (MYSQL.absent !== undefined) process.stderr.write(`skipped: restoring in place: ${MYSQL.absent}\n`);

const LIMIT_MS = 300_000;
const ROWS = 'select count(*) from transfers';

test.skipIf(MYSQL.absent !== undefined)(
  'a MySQL is restored in place of the one that serves, once its name was typed',
  { timeout: 900_000 },
  async () => {
    const server = await unitMysql();
    onTestFinished(server.dispose);
    const session = await server.connect();
    await session.run('create table transfers (id bigint primary key auto_increment, amount bigint)');
    const project = await hostProject(server);
    const words = (...more: readonly string[]) => ['restore', '-e', 'staging', '--into', 'host', ...more];
    const options = { timeoutMs: LIMIT_MS, variables: { PATH: `${server.binFolder}:${process.env.PATH}` } };
    const ompay = (...args: readonly string[]) => project.run(args, options);
    await post(session);
    expect(await ompay('backup', 'create', '-e', 'staging')).toMatchObject({
      exitCode: 0,
      stderr: expect.not.stringContaining('!'),
    });
    const stream = project.start(['backup', 'stream', '-e', 'staging'], options);
    const root = join(project.root, '.ompay/binlog/staging');
    const to = await post(session);
    await post(session);
    const position = `${(await session.rows('show binary log status'))?.[0]?.Position}`;
    const received = async () => String((await readStatus(root))?.offset);
    await expect.poll(received, { timeout: 60_000, interval: 50 }).toBe(position);
    stream.kill('SIGTERM');
    await once(stream, 'exit');

    // What a script must say, and what it must not do.
    for (const said of [[], ['--confirm', 'production']]) {
      const refused = await ompay(...words('--to', to, ...said));
      expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
      expect(refused.stderr).toContain('in a script: --confirm staging');
    }
    const writing = { isOver: false };
    const writer = writeUntil(session, writing);
    const refused = await ompay(...words('--to', to, '--confirm', 'staging'));
    writing.isOver = true;
    await writer;
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toContain('the database is written to');
    const planned = await ompay(...words('--to', to, '--plan'));
    expect(planned).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('!') });
    expect(planned.stdout).toContain(`mv -T ${server.dataFolder} ${server.dataFolder}.before-`);
    expect(server.siblings()).toEqual(['data']);

    // Another name than the environment's replaces nothing.
    const terminal = onTerminal(
      ['-C', project.root, ...words('--to', to)],
      { ...project.variables, ...options.variables },
      LIMIT_MS,
    );
    await terminal.see('Type staging to replace the database');
    terminal.type('stagin\r');
    expect((await terminal.ended).exitCode).toBe(2);
    expect(server.siblings()).toEqual(['data', 'data.restored']);
    const left = await ompay(...words('--to', to, '--confirm', 'staging'));
    expect(left).toMatchObject({ exitCode: 2 });
    expect(left.stderr).toContain(`${server.dataFolder}.restored is there`);
    renameSync(`${server.dataFolder}.restored`, join(server.folder, 'looked-at'));

    const written = (await session.values(ROWS))[0];
    session.close();
    const done = await ompay(...words('--to', to, '--confirm', 'staging', '--json'));
    expect(done).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('!') });
    expect(jsonLines(done.stdout).at(-1)).toMatchObject({ type: 'run-done', exitCode: 0 });
    const restored = await server.connect();
    onTestFinished(restored.close);
    expect(await restored.values(ROWS)).toEqual(['2']);
    expect(Number(written)).toBeGreaterThan(2);
    await post(restored);
    expect(server.siblings()).toEqual(['data', expect.stringMatching(/^data\.before-\d{8}T\d{6}Z$/)]);
    expect(await ompay('restore', '-e', 'staging', '--resume')).toMatchObject({ exitCode: 0 });
  },
);

/** Its newest transaction. */
async function post(session: MysqlSession): Promise<string> {
  await session.run('insert into transfers (amount) values (7)');
  const [executed = ''] = await session.values('select @@global.gtid_executed');
  return executed.replace(/:.*?(\d+)$/, ':$1');
}

async function writeUntil(session: MysqlSession, writing: { readonly isOver: boolean }): Promise<void> {
  while (!writing.isOver) {
    await session.run('insert into transfers (amount) values (1)');
    await systemClock.sleep(200);
  }
}

async function hostProject(server: UnitMysql) {
  const project = await mysqlProject(server);
  const path = join(project.root, 'ompay.yml');
  const text = readFileSync(path, 'utf8').replace(
    '  copies:\n',
    `  copies:\n    data_folder: ${server.dataFolder}\n`,
  );
  writeFileSync(path, text);
  return project;
}
