import { join } from 'node:path';
import type { DatabaseSettings } from '../../src/api/db/settings.ts';
import type { MysqlSession } from '../../src/engine/mysql/session.ts';
import { type MysqlSource, startSource } from '../../tests/engine/mysql/source.ts';
import { settingsFor } from '../../tests/fixtures/servers/server.ts';
import { bytesOf, seedLedger } from './ledger.ts';
import { say } from './place.ts';
import { type Finished, makeSite, type Site } from './site.ts';

/** Room for its memory and log as on a host. What it commits need not survive a crash of this machine: it is made anew. */
const SOURCE_ARGUMENTS = [
  '--innodb-buffer-pool-size=512M',
  '--innodb-redo-log-capacity=512M',
  '--innodb-flush-log-at-trx-commit=2',
  '--sync-binlog=0',
];

/** A database of the size that was asked for, and a full backup of it. */
export interface Stage {
  readonly source: MysqlSource;
  /** As root; no statement waits for a receiver. */
  readonly session: MysqlSession;
  readonly site: Site;
  /** Transfers in the base. */
  readonly transfers: number;
  readonly tableBytes: number;
  /** The whole data folder but for its logs, redo and binary. */
  readonly dataBytes: number;
  /** `ompay backup create`. */
  readonly created: Finished;
  dispose(): Promise<void>;
}

export async function makeStage(work: string, megabytes: number): Promise<Stage> {
  const source = await startSource(SOURCE_ARGUMENTS);
  const session = await source.connect();
  await session.run('set global rpl_semi_sync_source_enabled = off');
  const site = await makeSite(work, source);
  say('a first backup, of the empty database: what CLONE needs once is made by it');
  await site.run('backup', 'create');
  say(`filling a database of ${megabytes} MB`);
  const folder = join(source.dataFolder, 'ompay');
  const seeded = await seedLedger(settingsOf(source), session, { folder, megabytes });
  // What both the base and the log hold shows that they are of one history.
  await session.run('call post_many(0, 10)');
  say('ompay backup create');
  const created = await site.run('backup', 'create');
  return {
    ...{ source, session, site, created },
    ...seeded,
    dataBytes: bytesOf(source.dataFolder) - (await logBytes(source, session)),
    dispose: async () => {
      session.close();
      await source.dispose();
    },
  };
}

function settingsOf({ dataFolder }: MysqlSource): DatabaseSettings {
  const socketPath = join(dataFolder, '../server.sock');
  return settingsFor('mysql', socketPath, { database: 'ompay', username: 'root' });
}

async function logBytes({ dataFolder }: MysqlSource, session: MysqlSession): Promise<number> {
  const rows = (await session.rows('show binary logs')) ?? [];
  const redoBytes = bytesOf(join(dataFolder, '#innodb_redo'));
  return rows.reduce((sum, row) => sum + Number(row.File_size), redoBytes);
}
