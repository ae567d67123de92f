import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, openDatabase } from '../../src/api/db/open.ts';
import type { ConnectionKind, DatabaseSettings } from '../../src/api/db/settings.ts';
import { createLedger } from '../../src/api/ledger/ledger.ts';
import type { Ledger } from '../../src/api/ledger/types.ts';
import { MIGRATIONS } from '../../src/api/migrations/index.ts';
import { migrateUp } from '../../src/api/migrations/runner.ts';
import { systemClock } from '../../src/core/clock.ts';
import { type ApiProcess, apiProcess, bundleApi } from '../../tests/fixtures/api-process.ts';
import type { DatabaseServer, ServerKind } from '../../tests/fixtures/databases.ts';
import { REDIS_ABSENT, type RedisServer, startRedis } from '../../tests/fixtures/redis.ts';
import { type StepProxy, startStepProxy } from './step-proxy.ts';

/** Shorter than some of the faults last, so that statements are given up under them. */
const STATEMENT_TIMEOUT_MS = '1000';

/** A database with two API processes on it, used by the runs one after the other. */
export interface Stage {
  readonly name: string;
  readonly connection: ConnectionKind;
  readonly settings: DatabaseSettings;
  readonly server: DatabaseServer;
  /** For what looks and what strikes, apart from the API's own connections. */
  readonly database: Database;
  /** Makes and funds the people of a run. */
  readonly ledger: Ledger;
  readonly processes: readonly [ApiProcess, ApiProcess];
  /** Between the first process and the database. */
  readonly proxy: StepProxy;
  readonly redis: RedisServer | undefined;
  end(): Promise<void>;
}

/** @param options.redis whether the processes count rates, keep sessions and hand on messages through a Redis of theirs. */
export async function openStage(
  kind: ServerKind,
  options: { readonly redis: boolean } = { redis: false },
): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'ompay-fire-'));
  const server = await kind.start();
  const redis = options.redis && REDIS_ABSENT === undefined ? await startRedis() : undefined;
  try {
    const settings = { ...(await server.emptyDatabase()), poolSize: 8 };
    const database = openDatabase(settings);
    await migrateUp(database, MIGRATIONS, systemClock);
    const ledger = createLedger({
      db: database,
      clock: systemClock,
      sealMessage: (body) => body,
      onBatch: () => {},
      onError: () => {},
    });
    const spec = {
      folder,
      entry: await bundleApi(folder),
      database: settings,
      environment: {
        DB_STATEMENT_TIMEOUT_MS: STATEMENT_TIMEOUT_MS,
        ...(redis === undefined ? {} : throughRedis(redis)),
      },
    };
    const proxy = await startStepProxy(settings);
    const first = apiProcess({ ...spec, name: 'a', database: proxy.settings });
    const processes = [first, apiProcess({ ...spec, name: 'b' })] as const;
    await Promise.all(processes.map((process) => process.start()));
    return {
      name: kind.name,
      connection: settings.connection,
      settings,
      server,
      database,
      ledger,
      processes,
      proxy,
      redis,
      end: async () => {
        await Promise.all(processes.map((process) => process.kill()));
        await proxy.stop();
        await ledger.close();
        await database.close();
        await server.stop();
        await redis?.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await server.stop();
    await redis?.stop();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function throughRedis({ settings }: RedisServer): Readonly<Record<string, string>> {
  if (settings.place.kind !== 'socket') throw new Error('the Redis of a test is on a socket');
  return {
    REDIS_HOST: settings.place.path,
    CACHE_DRIVER: 'redis',
    SESSION_DRIVER: 'redis',
    QUEUE_CONNECTION: 'redis',
  };
}
