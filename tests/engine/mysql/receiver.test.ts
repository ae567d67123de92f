import { appendFileSync, mkdirSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { listEpochs } from '../../../src/engine/mysql/binlog/epochs.ts';
import { gtidsAfter, scanSegment } from '../../../src/engine/mysql/binlog/segment.ts';
import { readStatus } from '../../../src/engine/mysql/binlog/status.ts';
import { areEqual, countOf, parseGtidSet } from '../../../src/engine/mysql/gtid-set.ts';
import type { MysqlSession } from '../../../src/engine/mysql/session.ts';
import { MYSQL } from '../../fixtures/databases.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { fillDisk, mountSmallDisk } from '../../fixtures/small-disk.ts';
import { type Receiving, startReceiverProcess, startReceiving } from './receiving.ts';
import { type MysqlSource, startSource } from './source.ts';

describe.skipIf(MYSQL.absent !== undefined)('the receiver of the binary log', () => {
  let source: MysqlSource;
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
  const executed = async () => parseGtidSet((await session.values('select @@global.gtid_executed'))[0] ?? '');
  const receivedIn = async (root: string) => {
    const epoch = (await listEpochs(root)).at(-1);
    const name = epoch?.segments.at(-1);
    if (epoch === undefined || name === undefined) return parseGtidSet('');
    return gtidsAfter(await scanSegment(join(epoch.folder, name)));
  };
  const hasAll = (root: string): Promise<void> =>
    eventually(async () => areEqual(await receivedIn(root), await executed())).toBe(true);
  const isStreaming = (root: string): Promise<void> =>
    eventually(async () => (await readStatus(root))?.state).toBe('streaming');
  /** Every closed file is the source's, byte for byte; the newest but for the flag that says that it is open. */
  const sameFiles = async (root: string): Promise<void> => {
    const epoch = (await listEpochs(root)).at(-1);
    const names = epoch?.segments ?? [];
    expect(names.length).toBeGreaterThan(0);
    for (const name of names.slice(0, -1)) {
      const [theirs, ours] = [join(source.dataFolder, name), join(epoch?.folder ?? '', name)].map((path) =>
        readFileSync(path),
      );
      expect(ours?.equals(theirs ?? Buffer.alloc(0)), name).toBe(true);
    }
  };
  const receiving = async (root: string): Promise<Receiving> => {
    const started = startReceiving(source, { root });
    await started.until(({ state }) => state === 'streaming');
    return started;
  };

  beforeAll(async () => {
    source = await startSource();
    session = await source.connect();
    await session.run('create table t (id bigint primary key auto_increment, v longtext)');
  });
  // Each begins with a log of its own, as a new root receives all that there is.
  beforeEach(() => session.run('reset binary logs and gtids'));
  afterAll(async () => {
    session.close();
    await source.dispose();
  });

  test('closed files are the source’s byte for byte, and a COMMIT is answered once it is here', async () => {
    const root = nextRoot();
    const receiver = await receiving(root);
    try {
      await hasAll(root);
      await post(20);
      await session.run("insert into t (v) values (repeat('y', 18000000))");
      // Answered means synced: nothing is waited for.
      expect(areEqual(await receivedIn(root), await executed())).toBe(true);
      await session.run('flush binary logs');
      await post();
      await sameFiles(root);
      await receiver.until(({ semiSync, caughtUpAt }) => semiSync === 'awaited' && caughtUpAt !== '');
    } finally {
      await receiver.stop();
    }
    expect(await readStatus(root)).toMatchObject({ state: 'stopped', epoch: 1, problem: '' });
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
        const killed = startReceiverProcess(source, root);
        await isStreaming(root);
        const before = (await readStatus(root))?.offset;
        await eventually(async () => (await readStatus(root))?.offset).not.toBe(before);
        await killed.kill();
      }
    } finally {
      isOn = false;
      await session.run('set global rpl_semi_sync_source_enabled = off');
      await load;
      await session.run('set global rpl_semi_sync_source_enabled = on');
    }
    const receiver = await receiving(root);
    await hasAll(root);
    await receiver.stop();
    await sameFiles(root);
    expect(await listEpochs(root)).toHaveLength(1);
  });

  test('a torn end is kept aside, and what was torn is received again', async () => {
    const root = nextRoot();
    const receiver = await receiving(root);
    await hasAll(root);
    await receiver.stop();
    const [epoch] = await listEpochs(root);
    const name = epoch?.segments.at(-1) ?? '';
    appendFileSync(join(epoch?.folder ?? '', name), 'half an event');
    const again = await receiving(root);
    await post();
    await again.stop();
    await hasAll(root);
    expect(await readFile(join(epoch?.folder ?? '', `${name}.torn-1`), 'utf8')).toBe('half an event');
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
    await sameFiles(root);
    expect(await listEpochs(root)).toHaveLength(1);
  });

  test('what a full disk does not take is not acknowledged, and comes once there is room', async (context) => {
    const root = nextRoot();
    using _ = mountSmallDisk(context, root, 64 * 1024);
    const receiver = await receiving(root);
    try {
      await hasAll(root);
      const filler = join(root, 'filler');
      fillDisk(root);
      let isAnswered = false;
      const other = await source.connect();
      const posted = other.run("insert into t (v) values (repeat('z', 200000))").then(() => {
        isAnswered = true;
      });
      await receiver.until(({ problem }) => problem.includes('the disk is full'));
      expect(isAnswered).toBe(false);
      truncateSync(filler, 0);
      await posted;
      other.close();
      await hasAll(root);
    } finally {
      await receiver.stop();
    }
  });

  test('a commit that waits for a receiver that comes back is no other history', async () => {
    const root = nextRoot();
    await session.run('set global rpl_semi_sync_source_wait_no_replica = on');
    const first = await receiving(root);
    await post();
    await first.until(({ semiSync }) => semiSync === 'awaited');
    await first.stop();
    const other = await source.connect();
    try {
      // It is received and synced, but the acknowledgement is lost with the connection.
      let seen = 0;
      const cut = startReceiving(source, {
        root,
        onSynced: ({ transactions }) => {
          // The one before is sent again first.
          seen += transactions.length;
          if (seen > 1) throw new Error('cut before the acknowledgement');
        },
      });
      const posted = other.run("insert into t (v) values ('waits')");
      await eventually(async () => countOf(await receivedIn(root)) > countOf(await executed())).toBe(true);
      await cut.stop();
      const again = await receiving(root);
      await posted;
      await hasAll(root);
      await again.stop();
      expect(await listEpochs(root)).toHaveLength(1);
    } finally {
      other.close();
      await session.run('set global rpl_semi_sync_source_wait_no_replica = off');
    }
  });

  test('after RESET, also when its new log is longer, a new epoch begins', async () => {
    const root = nextRoot();
    const receiver = await receiving(root);
    await post();
    await hasAll(root);
    await receiver.stop();
    await session.run('reset binary logs and gtids');
    await session.run("insert into t (v) values (repeat('another size', 300))");
    await post(5);
    const again = startReceiving(source, { root });
    await again.until(({ epoch, state }) => epoch === 2 && state === 'streaming');
    await hasAll(root);
    await again.stop();
  });

  test('a wrong password is told without the password, and nothing is written', async () => {
    const root = nextRoot();
    const access = { ...source.access, password: new Secret('not-the-password') };
    const receiver = startReceiving(source, { root, access });
    const { problem } = await receiver.until((status) => status.problem !== '');
    await receiver.stop();
    expect(problem).toContain('Access denied');
    expect(problem).not.toContain('not-the-password');
    expect(readdirSync(root).filter((name) => /^\d+$/.test(name))).toEqual([]);
  });

  test('two receivers do not share a folder', async () => {
    const root = nextRoot();
    const killed = startReceiverProcess(source, root);
    try {
      await isStreaming(root);
      await expect(startReceiving(source, { root }).stop()).rejects.toMatchObject({ code: 'lockHeld' });
    } finally {
      await killed.kill();
    }
  });

  test('after RESET a new epoch begins, and the files before it stay', async () => {
    const root = nextRoot();
    const receiver = await receiving(root);
    await post(3);
    await hasAll(root);
    const before = readFileSync(join(root, '000001', (await listEpochs(root))[0]?.segments.at(-1) ?? ''));
    await session.run('reset binary logs and gtids');
    await post(3);
    await receiver.until(({ epoch, state }) => epoch === 2 && state === 'streaming');
    await post(3);
    await hasAll(root);
    await receiver.stop();
    const [first, second] = await listEpochs(root);
    expect(second?.reason).toMatch(/no longer knows|differs|shorter/);
    const after = readFileSync(join(root, '000001', first?.segments.at(-1) ?? ''));
    expect(after.subarray(0, before.length).equals(before)).toBe(true);
  });
});
