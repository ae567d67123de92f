import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { serverUuidIn } from '../../../src/engine/mariadb/identity.ts';
import { mariadbLog } from '../../../src/engine/mariadb/log-source.ts';
import { listEpochs } from '../../../src/engine/mysql/binlog/epochs.ts';
import { FLAGS_OFFSET, MAGIC } from '../../../src/engine/mysql/binlog/event.ts';
import { gtidsAfter, scanSegment } from '../../../src/engine/mysql/binlog/segment.ts';
import { readStatus } from '../../../src/engine/mysql/binlog/status.ts';
import { gtidSetText } from '../../../src/engine/mysql/gtid-set.ts';
import type { MysqlSession } from '../../../src/engine/mysql/session.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { type Receiving, startReceiverProcess, startReceiving } from '../mysql/receiving.ts';
import { ENGINE_ABSENT, type MariadbSource, RECEIVED, startSource } from './source.ts';

describe.skipIf(ENGINE_ABSENT !== undefined)('the receiver of MariaDB’s binary log', () => {
  let source: MariadbSource;
  let session: MysqlSession;
  let roots = 0;
  const nextRoot = (): string => {
    roots += 1;
    const root = join(source.folder, `received-${roots}`);
    mkdirSync(root, { mode: 0o700 });
    return root;
  };
  const post = async (count = 1): Promise<void> => {
    for (let each = 0; each < count; each += 1)
      await session.run("insert into t (v) values (repeat('x', 500))");
  };
  const position = async () => (await session.values('select @@global.gtid_binlog_pos'))[0] ?? '';
  const receivedIn = async (root: string) => {
    const epoch = (await listEpochs(root)).at(-1);
    const name = epoch?.segments.at(-1);
    if (epoch === undefined || name === undefined) return '';
    return gtidSetText(gtidsAfter(await scanSegment(join(epoch.folder, name))));
  };
  const hasAll = (root: string): Promise<void> =>
    eventually(async () => (await receivedIn(root)) === (await position())).toBe(true);
  /** Every closed file is the source’s, byte for byte; but for the flag that a killed MariaDB leaves, which says it is open. */
  const sameFiles = async (root: string, isKilled = false): Promise<void> => {
    const epoch = (await listEpochs(root)).at(-1);
    const closed = (epoch?.segments ?? []).slice(0, -1);
    expect(closed.length).toBeGreaterThan(0);
    for (const name of closed) {
      const theirs = readFileSync(join(source.settings.dataFolder, name));
      const ours = readFileSync(join(epoch?.folder ?? '', name));
      if (isKilled) theirs.writeUInt8(0, MAGIC.length + FLAGS_OFFSET);
      expect(ours.equals(theirs), name).toBe(true);
    }
  };
  const dialect = () => mariadbLog(source.settings.dataFolder);
  const receiving = async (root: string): Promise<Receiving> => {
    const started = startReceiving({ access: source.settings.source }, { root, dialect: dialect() });
    await started.until(({ state }) => state === 'streaming');
    return started;
  };

  beforeAll(async () => {
    source = await startSource(RECEIVED);
    session = await source.connect();
    await session.run('create table t (id bigint primary key auto_increment, v longtext)');
  });
  // Each begins with a log of its own, as a new root receives all that there is.
  beforeEach(() => session.run('reset master'));
  afterAll(async () => {
    session.close();
    await source.dispose();
  });

  test('closed files are the source’s byte for byte, and a COMMIT is answered once it is here', async () => {
    const root = nextRoot();
    const receiver = await receiving(root);
    try {
      await post(5);
      for (const statement of [
        'create table u (id int primary key, v text) engine=innodb',
        "begin; savepoint a; insert into u values (1, 'a'); savepoint b; commit".split('; '),
        "create user later@localhost identified by 'x'",
        'set session binlog_format = statement',
        'insert into t (v) values (rand())',
        "set @said = 'of a variable'",
        'insert into t (v) values (@said)',
        'set session binlog_format = row',
        'set session binlog_annotate_row_events = 0',
        'create table m (id int) engine=myisam',
        'insert into m values (1)',
        "xa start 'x'; insert into u values (2, 'b'); xa end 'x'; xa prepare 'x'; xa commit 'x'".split('; '),
        'set @@session.gtid_domain_id = 7',
        'insert into t (v) values (7)',
        'set @@session.gtid_domain_id = 0',
        'create table s as select * from u',
        'alter table u add column n int',
        'drop table m, s',
        'analyze table u',
      ].flat())
        await session.run(statement);
      await post(5);
      await session.run("insert into t (v) values (repeat('y', 9000000))");
      // Answered means synced: nothing is waited for.
      expect(await receivedIn(root)).toBe(await position());
      await session.run('flush binary logs');
      await post();
      await sameFiles(root);
      await receiver.until(({ semiSync, caughtUpAt }) => semiSync === 'awaited' && caughtUpAt !== '');
    } finally {
      await receiver.stop();
    }
    expect(await readStatus(root)).toMatchObject({ state: 'stopped', epoch: 1, problem: '' });
    expect((await listEpochs(root))[0]?.serverUuid).toBe(await serverUuidIn(source.settings.dataFolder));
  });

  test('a receiver that is killed again and again loses and repeats nothing', async () => {
    const root = nextRoot();
    let isOn = true;
    const load = (async () => {
      while (isOn) {
        await post();
        if (Math.random() < 0.05) await session.run('flush binary logs');
      }
    })();
    try {
      for (let kill = 0; kill < 4; kill += 1) {
        const before = (await readStatus(root))?.writtenAt;
        const killed = startReceiverProcess(
          { access: source.settings.source },
          root,
          source.settings.dataFolder,
        );
        await eventually(async () => {
          const status = await readStatus(root);
          return status?.state === 'streaming' && status.writtenAt !== before;
        }).toBe(true);
        const at = (await readStatus(root))?.offset;
        await eventually(async () => (await readStatus(root))?.offset).not.toBe(at);
        await killed.kill();
      }
    } finally {
      isOn = false;
      const other = await source.connect();
      await other.run('set global rpl_semi_sync_master_enabled = off');
      await load;
      await other.run('set global rpl_semi_sync_master_enabled = on');
      other.close();
    }
    await session.run('flush binary logs');
    await post();
    const receiver = await receiving(root);
    await hasAll(root);
    await receiver.stop();
    await sameFiles(root);
    expect(await listEpochs(root)).toHaveLength(1);
  });

  test('the epoch goes on after the server was killed', async () => {
    const root = nextRoot();
    const receiver = await receiving(root);
    await post(5);
    await source.server.kill();
    await receiver.until(({ state }) => state === 'connecting');
    await source.server.restart();
    session = await source.connect();
    await receiver.until(({ state }) => state === 'streaming');
    await post(5);
    await hasAll(root);
    await receiver.stop();
    await sameFiles(root, true);
    expect(await listEpochs(root)).toHaveLength(1);
  });

  test('after RESET MASTER a new epoch begins, and the files before it stay', async () => {
    const root = nextRoot();
    const receiver = await receiving(root);
    await post(3);
    await hasAll(root);
    const before = readFileSync(join(root, '000001', (await listEpochs(root))[0]?.segments.at(-1) ?? ''));
    await session.run('reset master');
    await post(3);
    await receiver.until(({ epoch, state }) => epoch === 2 && state === 'streaming');
    await post(3);
    await hasAll(root);
    await receiver.stop();
    const [first] = await listEpochs(root);
    const after = readFileSync(join(root, '000001', first?.segments.at(-1) ?? ''));
    expect(after.subarray(0, before.length).equals(before)).toBe(true);
  });

  test('a wrong password is told without it, and so are another server’s data', async () => {
    const root = nextRoot();
    const access = { ...source.settings.source, password: new Secret('not-the-password') };
    const receiver = startReceiving({ access }, { root, dialect: dialect() });
    const { problem } = await receiver.until((status) => status.problem !== '');
    await receiver.stop();
    expect(problem).toContain('Access denied');
    expect(problem).not.toContain('not-the-password');
    const elsewhere = startReceiving(
      { access: source.settings.source },
      { root, dialect: mariadbLog(source.folder) },
    );
    const told = await elsewhere.until((status) => status.problem !== '');
    await elsewhere.stop();
    expect(told.problem).toContain('has its data in');
    expect(await listEpochs(root)).toEqual([]);
  });
});
