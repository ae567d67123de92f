import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { bootMariadb } from '../../../src/engine/mariadb/boot.ts';
import { type ReceiverStatus, readStatus } from '../../../src/engine/mysql/binlog/status.ts';
import { ENGINE_ABSENT, type MariadbSource, RECEIVED, startSource } from '../../engine/mariadb/source.ts';
import { engineProject, PASSWORD } from '../../fixtures/engine-project.ts';

const PATIENT = { timeoutMs: 150_000 };
const CHECKSUM = 'select count(*) as n, sum(crc32(concat(id, amount))) as checksum from ompay.transfers';

test.skipIf(ENGINE_ABSENT !== undefined)(
  'a MariaDB is received by -e, over a kill -9, and restored to exact transactions',
  { timeout: 400_000 },
  async () => {
    const { source, session, post } = await postingSource();
    const { settings } = source;
    const { place } = settings.source;
    const { dataFolder } = settings;
    const project = await engineProject({ connection: 'mariadb', database: 'ompay', place, dataFolder });
    const root = join(project.root, '.ompay/binlog/staging');
    const ompay = (...words: readonly string[]) => project.run([...words, '-e', 'staging'], PATIENT);
    const stream = (): ChildProcess => project.start(['backup', 'stream', '-e', 'staging'], PATIENT);
    const allReceived = async (): Promise<void> => {
      const [{ File: end, Position: position } = {}] = (await session.rows('show master status')) ?? [];
      // A checkpoint may follow by itself.
      await until(
        root,
        ({ state, file, offset }) => state === 'streaming' && file === end && offset >= Number(position),
      );
    };
    await post();
    expect(await ompay('backup', 'create')).toMatchObject({ exitCode: 0 });

    const first = stream();
    await until(root, ({ state, caughtUpAt }) => state === 'streaming' && caughtUpAt !== '');
    const points = [await post(), await post()];
    first.kill('SIGKILL');
    await once(first, 'exit');
    const down = await ompay('backup', 'status');
    expect(down).toMatchObject({ exitCode: 3, stdout: expect.stringContaining('NOT RUNNING') });
    // Nobody waits for it meanwhile.
    await session.run('set global rpl_semi_sync_master_enabled = off');
    points.push(await post());
    await session.run('flush binary logs');
    await session.run('set global rpl_semi_sync_master_enabled = on');
    const second = stream();
    await allReceived();
    points.push(await post());
    // The server begins to wait once it heard of what was committed before.
    for (let isAwaited = false; !isAwaited; ) {
      points.push(await post());
      await allReceived();
      isAwaited = (await readStatus(root))?.semiSync === 'awaited';
    }
    const up = await ompay('backup', 'status');
    expect(up.stdout).toContain('log: streaming, semi-synchronous: awaited');
    second.kill('SIGTERM');
    expect(await once(second, 'exit')).toEqual([0, null]);

    const [, on, after] = points;
    if (on === undefined || after === undefined) throw new Error('too few');
    const planned = await ompay('restore', '--to', on.gtid, '--plan');
    expect(planned.stderr).toBe('');
    expect(planned.stdout).toMatch(
      new RegExp(`last in +${on.gtid}, .*:\\d\\dZ\\nfirst out +${after.gtid}, `),
    );
    const into = join(project.root, 'scratch');
    const restored = await ompay('restore', '--to', on.gtid, '--into', into);
    expect(restored).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('!') });
    expect(restored.stdout).toMatch(/on MariaDB 10\.11.*\nRTO .* replay .*, prove /);
    expect(restored.stdout).toContain(`--defaults-file=${into}/backup-my.cnf`);
    expect(await checksumIn(settings, into)).toEqual(on.checksum);

    // The receiver's disk is gone: one copy alone does, and so do it and escrow's key.
    rmSync(root, { recursive: true });
    const copy = await ompay('restore', '--from', 'directory', '--to', after.gtid, '--plan');
    expect(copy.stdout).toContain(`last in     ${after.gtid}, `);
    const alone = join(project.root, 'alone');
    const key = join(project.root, '.ompay/keys/backup-escrow.agekey');
    const bare = ['restore', '--repository', project.disk, '--key', key, '--to', after.gtid, '--into', alone];
    expect(
      await project.run(bare, { ...PATIENT, variables: { BACKUP_MYSQLD: '/usr/sbin/mariadbd' } }),
    ).toMatchObject({
      exitCode: 0,
    });
    expect(await checksumIn(settings, alone)).toEqual(after.checksum);
    expect(await ompay('backup', 'prune', '--plan')).toMatchObject({ exitCode: 0, stderr: '' });

    for (const [beyond, why] of [
      ['0-1-99999', 'the target cannot be reached'],
      ['2099-01-01T00:00:00Z', 'the target cannot be reached'],
      ['2026-01-01T00:00:00.5Z', 'whole seconds'],
    ] as const) {
      const refused = await ompay('restore', '--to', beyond, '--plan');
      expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
      expect(refused.stderr).toContain(why);
    }
    const host = await ompay('restore', '--to', 'latest', '--into', 'host', '--plan');
    expect(host).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--into host is of MySQL alone'),
    });
  },
);

async function postingSource() {
  const source = await startSource(RECEIVED);
  onTestFinished(source.dispose);
  const session = await source.connect();
  onTestFinished(session.close);
  await session.run(`alter user ompay_backup@'127.0.0.1' identified by '${PASSWORD}' require ssl`);
  await session.run('create table transfers (id bigint primary key auto_increment, amount bigint)');
  const post = async (): Promise<{ readonly gtid: string; readonly checksum: unknown }> => {
    await session.run('insert into transfers (amount) values (floor(rand() * 1e9)), (7)');
    const [gtid = ''] = await session.values('select @@global.gtid_binlog_pos');
    return { gtid, checksum: await session.rows(CHECKSUM) };
  };
  return { source, session, post };
}

async function until(root: string, what: (status: ReceiverStatus) => boolean): Promise<void> {
  for (let look = 0; look < 1200; look += 1) {
    const status = await readStatus(root);
    if (status !== undefined && what(status)) return;
    await systemClock.sleep(50);
  }
  throw new Error(`the receiver did not come so far: ${JSON.stringify(await readStatus(root))}`);
}

async function checksumIn(settings: MariadbSource['settings'], folder: string): Promise<unknown> {
  const server = await bootMariadb(settings, folder, { timeoutMs: 120_000 });
  try {
    return await server.rows(CHECKSUM);
  } finally {
    await server.stop('kill');
  }
}
