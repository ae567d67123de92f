import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { listEpochs } from '../../src/engine/mysql/binlog/epochs.ts';
import { NO_GTIDS } from '../../src/engine/mysql/gtid-set.ts';
import { replay } from '../../src/engine/mysql/replay/replay.ts';
import { resolveTarget } from '../../src/engine/mysql/replay/target.ts';
import { startReceiving } from '../../tests/engine/mysql/receiving.ts';
import { type MysqlSource, startSource } from '../../tests/engine/mysql/source.ts';
import { MYSQLD } from '../../tests/fixtures/servers/mysql.ts';
import { emptyServer, makeTables, post } from './stage.ts';

const CLIENTS = 8;

export interface KillResult {
  readonly acknowledged: number;
  /** Acknowledged to a client and not in the database that was made of the received log. */
  readonly lost: number;
  readonly restored: number;
  readonly imbalance: string;
}

/**
 * Under transfers of 8 clients the server is killed and its data folder deleted; the database is made anew from the
 * received log alone, and every transfer that was acknowledged is looked for in it.
 */
export async function killOnce(work: string, loadMs: number): Promise<KillResult> {
  const source = await startSource();
  try {
    const root = join(source.folder, 'received');
    const receiver = startReceiving(source, { root });
    const session = await source.connect();
    await makeTables(session);
    await receiver.until(({ semiSync }) => semiSync === 'awaited');
    session.close();
    const acknowledged = await killedUnderLoad(source, loadMs);
    await receiver.until(({ state }) => state === 'connecting');
    await receiver.stop();
    const restored = await restore(source, work, root);
    const lost = acknowledged.filter((id) => !restored.ids.has(id)).length;
    return {
      acknowledged: acknowledged.length,
      lost,
      restored: restored.ids.size,
      imbalance: restored.imbalance,
    };
  } finally {
    await source.dispose();
  }
}

async function killedUnderLoad(source: MysqlSource, loadMs: number): Promise<readonly string[]> {
  const acknowledged: string[] = [];
  const clients = Array.from({ length: CLIENTS }, async (_, client) => {
    const session = await source.connect();
    try {
      for (let number = 0; ; number += 1) {
        const id = `c${client}-${number}`;
        await post(session, id, number);
        acknowledged.push(id);
      }
    } catch {
      // The server is gone: what was not answered may or may not be there.
    } finally {
      session.close();
    }
  });
  await systemClock.sleep(loadMs);
  await source.server.kill();
  rmSync(source.dataFolder, { recursive: true, force: true });
  await Promise.all(clients);
  return acknowledged;
}

async function restore(
  source: MysqlSource,
  work: string,
  root: string,
): Promise<{ ids: ReadonlySet<string>; imbalance: string }> {
  const [epoch] = await listEpochs(root);
  if (epoch === undefined) throw new Error('nothing was received');
  const target = await resolveTarget({ epoch, base: NO_GTIDS, target: { kind: 'latest' }, knownUntilMs: 0 });
  const folder = join(source.folder, 'restored');
  cpSync(emptyServer(work), folder, { recursive: true });
  const server = await replay(
    { serverCommand: MYSQLD, clock: systemClock },
    { folder, database: 'ompay', target, startTimeoutMs: 120_000, timeoutMs: 600_000 },
  );
  try {
    const rows = (await server.session.rows('select id from ompay.transfers')) ?? [];
    const [imbalance = ''] = await server.session.values(
      'select (select sum(amount) from ompay.entries) + (select sum(balance) from ompay.accounts)',
    );
    return { ids: new Set(rows.map(({ id = '' }) => id)), imbalance };
  } finally {
    await server.stop('kill');
  }
}
