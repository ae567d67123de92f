import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { mariadbLog } from '../../../src/engine/mariadb/log-source.ts';
import { MARIADB_REPLAY } from '../../../src/engine/mariadb/replay.ts';
import { mariadbEngine } from '../../../src/engine/mariadb.ts';
import { type EpochFolder, listEpochs } from '../../../src/engine/mysql/binlog/epochs.ts';
import { scanSegment } from '../../../src/engine/mysql/binlog/segment.ts';
import type { Transaction } from '../../../src/engine/mysql/binlog/transactions.ts';
import { gtidText, parseGtid, parseGtidSet } from '../../../src/engine/mysql/gtid-set.ts';
import { replay } from '../../../src/engine/mysql/replay/replay.ts';
import {
  type ReplayTarget,
  type ResolvedTarget,
  type ResolveRequest,
  resolveTarget,
} from '../../../src/engine/mysql/replay/target.ts';
import type { MysqlSession } from '../../../src/engine/mysql/session.ts';
import { copyInto } from '../../contract/engine.ts';
import { startReceiving } from '../mysql/receiving.ts';
import { ENGINE_ABSENT, type MariadbSource, RECEIVED, startSource } from './source.ts';

const HOUR_MS = 3_600_000;

describe.skipIf(ENGINE_ABSENT !== undefined)('a point in time of MariaDB', () => {
  let source: MariadbSource;
  let session: MysqlSession;
  let epoch: EpochFolder;
  let base: string;
  let replays = 0;
  const transactions: Transaction[] = [];
  const resolve = (target: ReplayTarget, of: Partial<ResolveRequest> = {}) =>
    resolveTarget({
      epoch,
      base: parseGtidSet(base),
      target,
      knownUntilMs: systemClock.now(),
      resolutionMs: 1000,
      ...of,
    });
  const replayed = async <T>(
    target: ResolvedTarget,
    ask: (session: MysqlSession) => Promise<T>,
  ): Promise<T> => {
    replays += 1;
    const folder = join(source.folder, `replayed-${replays}`);
    cpSync(join(source.folder, 'base'), folder, { recursive: true });
    const server = await replay(source.settings, {
      dialect: MARIADB_REPLAY,
      folder,
      database: 'ompay',
      target,
      startTimeoutMs: 120_000,
      timeoutMs: 120_000,
    });
    try {
      return await ask(server.session);
    } finally {
      await server.stop('clean');
    }
  };

  beforeAll(async () => {
    source = await startSource(RECEIVED);
    session = await source.connect();
    const root = join(source.folder, 'received');
    const receiver = startReceiving(
      { access: source.settings.source },
      { root, dialect: mariadbLog(source.settings.dataFolder) },
    );
    await receiver.until(({ state }) => state === 'streaming');
    await session.run('create table transfers (id bigint primary key auto_increment, v text)');
    await session.run("insert into transfers (v) values ('before the base')");
    base = (await copyInto(mariadbEngine(source.settings), join(source.folder, 'base'))).to;
    for (let count = 1; count <= 40; count += 1) {
      await session.run(`insert into transfers (v) values ('${count}')`);
      if (count % 15 === 0) await session.run('flush binary logs');
      if (count === 10) await session.run("create user later@localhost identified by 'x'");
      if (count === 20) await session.run('alter table transfers add column note text');
      if (count % 20 === 0) await systemClock.sleep(1100);
    }
    await session.run('set session gtid_domain_id = 7');
    await session.run("insert into transfers (v) values ('of another domain')");
    await receiver.until(({ semiSync }) => semiSync === 'awaited');
    await receiver.stop();
    const [only] = await listEpochs(root);
    if (only === undefined) throw new Error('nothing was received');
    epoch = only;
    for (const name of epoch.segments)
      await scanSegment(join(epoch.folder, name), (each) => transactions.push(each));
  }, 120_000);
  afterAll(async () => {
    session.close();
    await source.dispose();
  });

  test('is reached exactly, named by its GTID', { timeout: 120_000 }, async () => {
    const at = transactions.length - 15;
    const wanted = transactions[at];
    if (wanted === undefined) throw new Error('too few');
    const target = await resolve({ kind: 'gtid', gtid: wanted.gtid });
    expect(target).toMatchObject({ last: wanted, next: transactions[at + 1], base: parseGtidSet(base) });
    const [rows, position, users] = await replayed(target, (of) =>
      of.values(
        "select (select count(*) from transfers), @@gtid_slave_pos, (select count(*) from mysql.user where user = 'later')",
      ),
    );
    // One of those that were replayed made a user, one changed the table; one row is the base's.
    expect([Number(rows), position, users]).toEqual([target.count - 2 + 1, gtidText(wanted.gtid), '1']);
  });

  test('that is the latest leaves nothing out, in any domain', { timeout: 120_000 }, async () => {
    const target = await resolve({ kind: 'latest' });
    expect(target).toMatchObject({ next: undefined, last: transactions.at(-1) });
    const live = await session.values('select count(*), sum(crc32(concat(id, v))) from transfers');
    expect(
      await replayed(target, (of) => of.values('select count(*), sum(crc32(concat(id, v))) from transfers')),
    ).toEqual(live);
  });

  test('by time holds all of that second, and nothing of the next', async () => {
    const middle = transactions.at(-15)?.committedAtMs ?? 0;
    const target = await resolve({ kind: 'time', atMs: middle });
    expect(target.last?.committedAtMs).toBe(middle);
    expect(target.next?.committedAtMs).toBeGreaterThan(middle);
    expect(target.committedEarlier).toBe(0);
    await expect(resolve({ kind: 'time', atMs: middle + 1 })).rejects.toMatchObject({ code: 'usage' });
  });

  test('that cannot be reached is refused, whatever is asked', async () => {
    const [first, last] = [transactions[0], transactions.at(-1)];
    if (first === undefined || last === undefined) throw new Error('too few');
    const own = { kind: 'gtid', gtid: last.gtid } as const;
    const lastSecond = { kind: 'time', atMs: last.committedAtMs } as const;
    const refused = (target: ReplayTarget, of: Partial<ResolveRequest> = {}) =>
      expect(resolve(target, of), JSON.stringify(target)).rejects.toMatchObject({ code: 'notFound' });
    await refused({ kind: 'gtid', gtid: first.gtid });
    await refused({ kind: 'gtid', gtid: { ...last.gtid, server: 2 } });
    await refused({ kind: 'gtid', gtid: parseGtid('0-1-9999') });
    await refused({ kind: 'time', atMs: first.committedAtMs - HOUR_MS });
    // More of that second may have come.
    await refused(lastSecond, { knownUntilMs: last.committedAtMs + 999 });
    expect(await resolve(lastSecond, { knownUntilMs: last.committedAtMs + 1000 })).toMatchObject({ last });
    await refused(own, { baseBegunAtMs: last.committedAtMs + HOUR_MS });
    await refused(own, { baseWholeAtMs: first.committedAtMs - HOUR_MS });
    await refused(own, { base: parseGtidSet(base.replace(/^0-1-/, '0-2-')) });
    await refused(own, {
      epoch: { ...epoch, segments: epoch.segments.slice(1) },
      base: parseGtidSet('0-1-1'),
    });
    const [a = '', , c = ''] = epoch.segments;
    await expect(resolve(own, { epoch: { ...epoch, segments: [a, c] } })).rejects.toMatchObject({
      code: 'backupDamaged',
    });
  });

  test('of which something is missing at the end is refused after the replay', {
    timeout: 120_000,
  }, async () => {
    const target = await resolve({ kind: 'gtid', gtid: transactions.at(-15)?.gtid ?? parseGtid('0-1-1') });
    const gtids = parseGtidSet(`0-1-${(target.last?.gtid.number ?? 0) - 1}`);
    await expect(replayed({ ...target, gtids }, async () => undefined)).rejects.toMatchObject({
      code: 'backupDamaged',
    });
  });
});
