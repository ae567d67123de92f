import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { systemClock } from '../../src/core/clock.ts';
import { listEpochs } from '../../src/engine/mysql/binlog/epochs.ts';
import { NO_GTIDS } from '../../src/engine/mysql/gtid-set.ts';
import { replay } from '../../src/engine/mysql/replay/replay.ts';
import { type ResolvedTarget, resolveTarget } from '../../src/engine/mysql/replay/target.ts';
import { startScratch } from '../../src/engine/mysql/server.ts';
import { startReceiving } from '../../tests/engine/mysql/receiving.ts';
import { type MysqlSource, startSource } from '../../tests/engine/mysql/source.ts';
import { MYSQLD, mysqlClient } from '../../tests/fixtures/servers/mysql.ts';
import { emptyServer, LEDGER_SUMS, makeTables } from './stage.ts';

const SCRATCH = { serverCommand: MYSQLD, clock: systemClock };

export interface ReplayResult {
  readonly transactions: number;
  readonly logBytes: number;
  readonly resolveMs: number;
  /** Start of the server, applying, and the check of the GTIDs; then the clean stop. */
  readonly replayMs: number;
  readonly stopMs: number;
  /** `mysqlbinlog | mysql` into a running server with durable commits. */
  readonly stockMs: number;
  /** Both databases and the source answer the same. */
  readonly isEqual: boolean;
}

export async function measureReplay(work: string, transactions: number): Promise<ReplayResult> {
  const source = await startSource(['--sync-binlog=0', '--innodb-flush-log-at-trx-commit=2']);
  try {
    const session = await source.connect();
    await session.run('set global rpl_semi_sync_source_enabled = off');
    await makeTables(session);
    for (let done = 0; done < transactions; done += 1000)
      await session.run(`call post_many('p${done}-', 1000)`);
    const sums = await session.values(LEDGER_SUMS);
    session.close();
    const root = join(source.folder, 'received');
    const receiver = startReceiving(source, { root });
    await receiver.until(({ caughtUpAt }) => caughtUpAt !== '');
    await receiver.stop();
    const beginMs = systemClock.monotonicMs();
    const [epoch] = await listEpochs(root);
    if (epoch === undefined) throw new Error('nothing was received');
    const target = await resolveTarget({
      epoch,
      base: NO_GTIDS,
      target: { kind: 'latest' },
      knownUntilMs: 0,
    });
    const resolveMs = systemClock.monotonicMs() - beginMs;
    const ours = await byRelayLogs(source, work, target);
    const stock = await byStatements(source, work, target);
    return {
      transactions: target.count,
      logBytes: target.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      resolveMs,
      replayMs: ours.replayMs,
      stopMs: ours.stopMs,
      stockMs: stock.stockMs,
      isEqual: [ours.sums, stock.sums].every((each) => `${each}` === `${sums}`),
    };
  } finally {
    await source.dispose();
  }
}

async function byRelayLogs(source: MysqlSource, work: string, target: ResolvedTarget) {
  const folder = join(source.folder, 'ours');
  cpSync(emptyServer(work), folder, { recursive: true });
  const beginMs = systemClock.monotonicMs();
  const server = await replay(SCRATCH, {
    folder,
    database: 'ompay',
    target,
    startTimeoutMs: 120_000,
    timeoutMs: 3_600_000,
  });
  const doneMs = systemClock.monotonicMs();
  await server.session.run('use ompay');
  const sums = await server.session.values(LEDGER_SUMS);
  const stopBeginMs = systemClock.monotonicMs();
  await server.stop('clean');
  return { replayMs: doneMs - beginMs, stopMs: systemClock.monotonicMs() - stopBeginMs, sums };
}

async function byStatements(source: MysqlSource, work: string, { files }: ResolvedTarget) {
  const folder = join(source.folder, 'stock');
  cpSync(emptyServer(work), folder, { recursive: true });
  const server = await startScratch(SCRATCH, folder, {
    timeoutMs: 120_000,
    queryMs: 60_000,
    args: ['--log-bin=binlog', '--sync-binlog=1', '--innodb-flush-log-at-trx-commit=1'],
  });
  try {
    // Without its grant tables the server refuses what the log holds of users.
    await server.session.run('flush privileges');
    const beginMs = systemClock.monotonicMs();
    const [reader, ...readerArgs] = mysqlClient('mysqlbinlog');
    const [client, ...clientArgs] = mysqlClient('mysql');
    const read = spawn(reader, [...readerArgs, ...files.map(({ path }) => path)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const write = spawn(client, [...clientArgs, '-uroot', `--socket=${server.socketPath}`], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const ended = Promise.all([once(read, 'exit'), once(write, 'exit')]);
    await pipeline(read.stdout, write.stdin);
    const codes = (await ended).map(([code]) => code);
    if (codes.some((code) => code !== 0))
      throw new Error(`mysqlbinlog | mysql ended with ${codes.join(', ')}`);
    const stockMs = systemClock.monotonicMs() - beginMs;
    await server.session.run('use ompay');
    return { stockMs, sums: await server.session.values(LEDGER_SUMS) };
  } finally {
    await server.stop('kill');
  }
}
