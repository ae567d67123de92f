import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { Secret } from '../../../src/core/secret.ts';
import { type ReceiverStatus, readStatus } from '../../../src/engine/mysql/binlog/status.ts';
import { startScratch } from '../../../src/engine/mysql/server.ts';
import type { MysqlSession } from '../../../src/engine/mysql/session.ts';
import { type MysqlSource, startSource } from '../../engine/mysql/source.ts';
import { MYSQL } from '../../fixtures/databases.ts';
import { mysqlProject } from '../../fixtures/mysql-project.ts';
import { MYSQLD } from '../../fixtures/servers/mysql.ts';

if (MYSQL.absent !== undefined) process.stderr.write(`skipped: the log of MySQL: ${MYSQL.absent}\n`);

const PATIENT = { timeoutMs: 150_000 };
const CHECKSUM =
  'select count(*) as n, coalesce(sum(crc32(concat(id, amount))), 0) as checksum from ompay.transfers';

test.skipIf(MYSQL.absent !== undefined)(
  'a MySQL is received by -e, over a kill -9, and restored to exact transactions',
  { timeout: 400_000 },
  async () => {
    const { access, session, post } = await postingSource();
    const project = await mysqlProject({ access });
    const root = join(project.root, '.ompay/binlog/staging');
    const stream = (): ChildProcess => project.start(['backup', 'stream', '-e', 'staging'], PATIENT);
    await post();
    const created = await project.run(['backup', 'create', '-e', 'staging'], PATIENT);
    expect(created).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('!') });

    const first = stream();
    await until(root, ({ state, caughtUpAt }) => state === 'streaming' && caughtUpAt !== '');
    const points = [await post(), await post()];
    first.kill('SIGKILL');
    await once(first, 'exit');
    expect(await receiverOf(project)).toMatchObject({ exitCode: 3, receiver: { health: 'not running' } });
    // Nobody waits for it meanwhile; a COMMIT would, for as long as the server is told to.
    await session.run('set global rpl_semi_sync_source_enabled = off');
    points.push(await post());
    await session.run('flush binary logs');
    await session.run('set global rpl_semi_sync_source_enabled = on');
    const second = stream();
    const missed = await positionOf(session);
    await until(root, ({ state, file, offset }) => state === 'streaming' && `${file}:${offset}` === missed);
    points.push(await post(), await post());
    await until(root, ({ semiSync }) => semiSync === 'awaited');
    expect((await receiverOf(project)).receiver).toMatchObject({ health: 'well' });
    second.kill('SIGTERM');
    expect(await once(second, 'exit')).toEqual([0, null]);

    const [, on, after] = points;
    if (on === undefined || after === undefined) throw new Error('too few');
    const planned = await project.run(['restore', '-e', 'staging', '--to', on.gtid, '--plan']);
    expect(planned.stderr).toBe('');
    expect(planned.stdout).toMatch(new RegExp(`last in +${on.gtid}, .*\\nfirst out +${after.gtid}, `));
    const into = join(project.root, 'scratch');
    const restored = await project.run(
      ['restore', '-e', 'staging', '--to', on.gtid, '--into', into],
      PATIENT,
    );
    expect(restored.stderr).not.toContain('!');
    expect(restored.stdout).toMatch(/RTO .* replay .*, prove /);
    expect(await checksumIn(into)).toEqual(on.checksum);

    // The receiver's disk is gone: one copy alone does.
    rmSync(root, { recursive: true });
    const alone = join(project.root, 'alone');
    const copy = ['restore', '-e', 'staging', '--from', 'directory', '--to', after.gtid, '--plan'];
    expect((await project.run(copy)).stdout).toContain(`last in     ${after.gtid}, `);
    // And of ompay.yml and all keys but escrow's nothing is used.
    const key = join(project.root, '.ompay/keys/backup-escrow.agekey');
    const bare = ['restore', '--repository', project.disk, '--key', key, '--to', after.gtid, '--into', alone];
    const variables = { BACKUP_MYSQLD: project.mysqld };
    expect(await project.run(bare, { ...PATIENT, variables })).toMatchObject({ exitCode: 0 });
    expect(await checksumIn(alone)).toEqual(after.checksum);

    const tested = await project.run(
      ['restore-test', '-e', 'staging', '--from', 'directory', '--json'],
      PATIENT,
    );
    const { restored: brought, passed } = JSON.parse(tested.stdout);
    expect({ passed, ...brought.point }).toMatchObject({
      passed: true,
      gtid: expect.stringMatching(/^[0-9a-f-]{36}:\d+$/),
      transactions: expect.any(Number),
    });
    expect(tested.exitCode).toBe(0);

    for (const beyond of [nextOf(points.at(-1)?.gtid ?? ''), '2099-01-01T00:00:00Z']) {
      const refused = await project.run(['restore', '-e', 'staging', '--to', beyond, '--plan']);
      expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
      expect(refused.stderr).toContain('the target cannot be reached');
    }
    for (const name of ['operations', 'escrow'])
      rmSync(join(project.root, `.ompay/keys/backup-${name}.agekey`));
    const locked = await project.run(['restore', '-e', 'staging', '--to', 'latest']);
    expect(locked.exitCode).toBe(2);
    expect(locked.stderr).toContain('this backup is for');
  },
);

interface Point {
  readonly gtid: string;
  readonly checksum: unknown;
}

async function postingSource() {
  const source: MysqlSource = await startSource();
  onTestFinished(source.dispose);
  const session = await source.connect();
  onTestFinished(session.close);
  // An environment file holds no backslash.
  await session.run("alter user backup@'127.0.0.1' identified by 'of-the-backup'");
  const access = { ...source.access, password: new Secret('of-the-backup') };
  await session.run('create table transfers (id bigint primary key auto_increment, amount bigint)');
  const post = async (): Promise<Point> => {
    await session.run('insert into transfers (amount) values (floor(rand() * 1e9)), (7)');
    const [executed = ''] = await session.values('select @@global.gtid_executed');
    const gtid = executed.replace(/:.*?(\d+)$/, ':$1');
    return { gtid, checksum: await session.rows(CHECKSUM) };
  };
  return { access, session, post };
}

function nextOf(gtid: string): string {
  const [uuid = '', number = ''] = gtid.split(':');
  return `${uuid}:${Number(number) + 1}`;
}

async function positionOf(session: MysqlSession): Promise<string> {
  const row = (await session.rows('show binary log status'))?.[0];
  return `${row?.File}:${row?.Position}`;
}

async function until(root: string, what: (status: ReceiverStatus) => boolean): Promise<void> {
  for (let look = 0; look < 1200; look += 1) {
    const status = await readStatus(root);
    if (status !== undefined && what(status)) return;
    await systemClock.sleep(50);
  }
  throw new Error(`the receiver did not come so far: ${JSON.stringify(await readStatus(root))}`);
}

async function receiverOf(project: Awaited<ReturnType<typeof mysqlProject>>) {
  const { stdout, exitCode } = await project.run(['backup', 'status', '-e', 'staging', '--json']);
  const told: unknown = JSON.parse(stdout);
  const receiver =
    typeof told === 'object' && told !== null && 'receiver' in told ? told.receiver : undefined;
  return { exitCode, receiver };
}

async function checksumIn(folder: string): Promise<unknown> {
  const server = await startScratch({ serverCommand: MYSQLD, clock: systemClock }, folder, {
    timeoutMs: 120_000,
    queryMs: 60_000,
    args: ['--skip-log-bin'],
  });
  try {
    return await server.session.rows(CHECKSUM);
  } finally {
    await server.stop('kill');
  }
}
