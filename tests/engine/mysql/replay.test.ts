import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { type EpochFolder, listEpochs } from '../../../src/engine/mysql/binlog/epochs.ts';
import { scanSegment } from '../../../src/engine/mysql/binlog/segment.ts';
import type { Transaction } from '../../../src/engine/mysql/binlog/transactions.ts';
import { areEqual, gtidText, NO_GTIDS, parseGtid, parseGtidSet } from '../../../src/engine/mysql/gtid-set.ts';
import { replay } from '../../../src/engine/mysql/replay/replay.ts';
import { type ReplayTarget, resolveTarget } from '../../../src/engine/mysql/replay/target.ts';
import type { MysqlSession } from '../../../src/engine/mysql/session.ts';
import { mysqlEngine } from '../../../src/engine/mysql.ts';
import { copyInto } from '../../contract/engine.ts';
import { flipByte } from '../../fixtures/damage.ts';
import { MYSQL } from '../../fixtures/databases.ts';
import { MYSQLD } from '../../fixtures/servers/mysql.ts';
import { startReceiving } from './receiving.ts';
import { type MysqlSource, startSource } from './source.ts';

const TRANSACTIONS = 40;
const ANOTHER = '3e11fa47-71ca-11e1-9e33-c80aa9429562:1';

describe.skipIf(MYSQL.absent !== undefined)('a point in time', () => {
  let source: MysqlSource;
  let session: MysqlSession;
  let epoch: EpochFolder;
  let base: string;
  const transactions: Transaction[] = [];
  const knownUntilMs = (): number => systemClock.now();
  const resolve = (target: ReplayTarget, of: EpochFolder = epoch) =>
    resolveTarget({ epoch: of, base: parseGtidSet(base), target, knownUntilMs: knownUntilMs() });

  beforeAll(async () => {
    source = await startSource();
    session = await source.connect();
    await session.run('create table transfers (id bigint primary key auto_increment, v text)');
    await session.run("insert into transfers (v) values ('before the base')");
    const engine = mysqlEngine({
      source: source.access,
      database: 'ompay',
      workFolder: join(source.folder, 'work'),
      serverCommand: MYSQLD,
      clock: systemClock,
    });
    base = (await copyInto(engine, join(source.folder, 'base'))).to;
    const root = join(source.folder, 'received');
    const receiver = startReceiving(source, { root });
    await receiver.until(({ state }) => state === 'streaming');
    for (let count = 1; count <= TRANSACTIONS; count += 1) {
      await session.run(`insert into transfers (v) values ('${count}')`);
      if (count % 15 === 0) await session.run('flush binary logs');
      if (count === 10) await session.run("create user later@localhost identified by 'x'");
      if (count === 20) await session.run('alter table transfers add column note text');
    }
    await receiver.until(({ semiSync }) => semiSync === 'awaited');
    await receiver.stop();
    const [only] = await listEpochs(root);
    if (only === undefined) throw new Error('nothing was received');
    epoch = only;
    for (const name of epoch.segments)
      await scanSegment(join(epoch.folder, name), (each) => transactions.push(each));
  });
  afterAll(async () => {
    session.close();
    await source.dispose();
  });

  test('is reached exactly, named by its GTID', async () => {
    const at = transactions.length - 25;
    const gtid = transactions[at]?.gtid ?? { source: '', number: 0 };
    const target = await resolve({ kind: 'gtid', gtid });
    expect(target.last?.gtid).toEqual(gtid);
    expect(target.next?.gtid).toEqual(transactions[at + 1]?.gtid);
    const folder = join(source.folder, 'replayed');
    cpSync(join(source.folder, 'base'), folder, { recursive: true });
    const server = await replay(
      { serverCommand: MYSQLD, clock: systemClock },
      { folder, database: 'ompay', target, startTimeoutMs: 120_000, timeoutMs: 120_000 },
    );
    try {
      const [rows, executed = ''] = await server.session.values(
        'select (select count(*) from transfers), @@global.gtid_executed',
      );
      expect(areEqual(parseGtidSet(executed), target.gtids)).toBe(true);
      const wanted = await session.values(`select count(*) from transfers where id <= ${rows}`);
      expect(rows).toBe(wanted[0]);
      // One more than was replayed of them is in the base, and one that was replayed made a user.
      expect(Number(rows)).toBe(target.count);
      const users = await server.session.rows("select user from mysql.user where user = 'later'");
      expect(users).toHaveLength(1);
    } finally {
      await server.stop('clean');
    }
  });

  test('by time ends with the last transaction that was committed by then', async () => {
    const [on, after] = transactions.slice(-10);
    if (on === undefined || after === undefined) throw new Error('too few transactions');
    for (const atMs of [on.committedAtMs, after.committedAtMs - 0.001]) {
      const target = await resolve({ kind: 'time', atMs });
      expect(target).toMatchObject({
        last: { gtid: on.gtid },
        next: { gtid: after.gtid },
        committedEarlier: 0,
      });
    }
  });

  test('that is the latest leaves nothing out', async () => {
    const target = await resolve({ kind: 'latest' });
    expect(target.next).toBeUndefined();
    expect(gtidText(target.last?.gtid ?? parseGtid(ANOTHER))).toBe(
      gtidText(transactions.at(-1)?.gtid ?? parseGtid(ANOTHER)),
    );
    expect(target.count).toBe(TRANSACTIONS + 2);
  });

  test('that cannot be reached is refused, whatever is asked', async () => {
    const first = transactions[0];
    if (first === undefined) throw new Error('too few transactions');
    for (const target of [
      { kind: 'gtid', gtid: parseGtid(ANOTHER) },
      { kind: 'gtid', gtid: first.gtid },
      { kind: 'time', atMs: first.committedAtMs },
      { kind: 'time', atMs: systemClock.now() + 3_600_000 },
    ] as const) {
      await expect(resolve(target), JSON.stringify(target)).rejects.toMatchObject({ code: 'notFound' });
    }
    await expect(
      resolveTarget({
        epoch: { ...epoch, segments: epoch.segments.slice(1) },
        base: NO_GTIDS,
        target: { kind: 'latest' },
        knownUntilMs: 0,
      }),
    ).rejects.toMatchObject({ code: 'notFound' });
  });

  test('is refused when the log is damaged, cut, or a file of it is missing', async () => {
    const folder = join(source.folder, 'damaged');
    mkdirSync(folder);
    const [first = '', second = '', third = ''] = epoch.segments;
    const refused = async (segments: readonly string[]): Promise<void> => {
      const damaged = { ...epoch, folder, segments };
      await expect(resolve({ kind: 'latest' }, damaged)).rejects.toMatchObject({ code: 'backupDamaged' });
    };
    const restore = (): void => cpSync(epoch.folder, folder, { recursive: true });
    restore();
    await refused([first, third]);
    const bytes = readFileSync(join(folder, second));
    await flipByte(join(folder, second), bytes);
    await refused(epoch.segments);
    restore();
    writeFileSync(join(folder, second), bytes.subarray(0, bytes.length - 100));
    await refused(epoch.segments);
    restore();
    writeFileSync(join(folder, second), readFileSync(join(folder, third)));
    await refused(epoch.segments);
    const newest = epoch.segments.at(-1) ?? '';
    restore();
    await flipByte(join(folder, newest), readFileSync(join(folder, newest)));
    await refused(epoch.segments);
  });
});
