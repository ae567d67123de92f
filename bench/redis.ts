/**
 * npm run bench:redis [-- --database mariadb --seconds 20 --users 20000 --connections 64 --json --write]
 * Two API processes that count, keep sessions and hand on messages through one Redis, under as many transfers as they
 * take: with Redis, with Redis killed while they run, and with Redis back. `--write` keeps the table in docs/evidence/redis.md.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/core/clock.ts';
import { apiProcess, bundleApi } from '../tests/fixtures/api-process.ts';
import { startRedis } from '../tests/fixtures/redis.ts';
import { seed } from './ledger/seed.ts';
import { startServer } from './ledger/servers.ts';
import { floodOf } from './redis/flood.ts';
import { healthWithin, type Loaded, loadOf } from './redis/load.ts';
import { brokenOf } from './redis/money.ts';

const { values } = parseArgs({
  options: {
    database: { type: 'string', default: 'mariadb' },
    seconds: { type: 'string', default: '20' },
    users: { type: 'string', default: '20000' },
    connections: { type: 'string', default: '64' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

interface Row extends Loaded {
  readonly name: string;
  /** Until /health of both processes said it; null where nothing changed. */
  readonly healthMs: number | null;
  /** The most that one user with 200 requests in one minute was let in. */
  readonly letIn: number;
}

const BAR = { share: 0.8, healthMs: 2_000, letIn: 60 };
const folder = mkdtempSync(join(tmpdir(), 'ompay-bench-'));
try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const [entry, server, redis] = await Promise.all([
    bundleApi(folder),
    startServer(values.database),
    startRedis(),
  ]);
  const drivers = { CACHE_DRIVER: 'redis', SESSION_DRIVER: 'redis', QUEUE_CONNECTION: 'redis' };
  const host = redis.settings.place.kind === 'socket' ? redis.settings.place.path : '';
  const environment = { LOG_LEVEL: 'warn', REDIS_HOST: host, ...drivers };
  const database = await server.emptyDatabase();
  const processes = ['first', 'second'].map((name) =>
    apiProcess({ folder, name, entry, database, environment }),
  );
  try {
    const { users } = await seed(database, Number(values.users));
    await Promise.all(processes.map((each) => each.start()));
    const socketPaths = processes.map(({ socketPath }) => socketPath);
    const parts = { folder, socketPaths, users: users.slice(10), connections: Number(values.connections) };
    const durationMs = Number(values.seconds) * 1_000;
    // Redis grants nothing in the minute in which it is first used.
    await floodOf(socketPaths, users[9] ?? { token: '', telephone: '' }, 0);
    await nextMinute();
    const rows: Row[] = [];
    const measured = async (name: string, change: () => Promise<number | null>): Promise<void> => {
      const flooder = users[rows.length];
      if (flooder === undefined) throw new Error('the bench needs users');
      const [loaded, healthMs, letIn] = await Promise.all([
        loadOf(parts, durationMs),
        systemClock.sleep(durationMs / 4).then(change),
        floodOf(socketPaths, flooder, durationMs),
      ]);
      rows.push({ name, ...loaded, healthMs, letIn });
    };
    await measured('with Redis', async () => null);
    await measured('Redis killed after a quarter', async () => {
      await redis.kill();
      return healthWithin(socketPaths, 'error');
    });
    await measured('without Redis', async () => null);
    await measured('Redis back after a quarter', async () => {
      await redis.restart();
      return healthWithin(socketPaths, 'ok');
    });
    report(rows, await brokenOf(database));
  } finally {
    await Promise.all(processes.map((each) => each.stop()));
    await Promise.all([server.stop(), redis.stop()]);
  }
}

async function nextMinute(): Promise<void> {
  await systemClock.sleep(60_000 - (systemClock.now() % 60_000) + 100);
}

function report(rows: readonly Row[], broken: readonly string[]): void {
  const most = rows[0]?.perSecond ?? 0;
  const kept = rows.every(
    ({ perSecond, wrong, healthMs, letIn }) =>
      perSecond >= BAR.share * most &&
      wrong.length === 0 &&
      (healthMs ?? 0) <= BAR.healthMs &&
      letIn <= BAR.letIn,
  );
  const lines = rows.map(
    ({ name, perSecond, p50Ms, p99Ms, wrong, healthMs, letIn }) =>
      `| ${name} | ${perSecond} | ${Math.round((100 * perSecond) / most)} % | ${p50Ms} | ${p99Ms} | ${wrong.length} | ${letIn} | ${healthMs ?? ''} |`,
  );
  const head =
    '| ' +
    'Redis | transfers/s | of the first | P50 ms | P99 ms | wrong answers | let in of one user | /health ms |';
  const text = `${[head, '|---|---|---|---|---|---|---|---|', ...lines].join('\n')}\n
${values.database}, two processes, ${values.users} users, ${values.connections} connections, ${values.seconds} s each; broken rules of the ledger: ${broken.length}.
Bars: at least 80 % of the rate, no wrong answer, at most 60 a minute let in, /health within 2,000 ms: ${kept && broken.length === 0 ? 'kept' : 'NOT kept'}.\n`;
  process.stdout.write(values.json ? `${JSON.stringify({ rows, broken })}\n` : text);
  for (const answer of [...rows.flatMap(({ wrong }) => wrong), ...broken].slice(0, 10))
    process.stderr.write(`${answer}\n`);
  if (values.write) {
    const place = resolve(import.meta.dirname, '../docs/evidence');
    mkdirSync(place, { recursive: true });
    writeFileSync(
      join(place, 'redis.md'),
      `# Redis killed under load\n\nWritten by bench/redis.ts.\n\n${text}`,
    );
  }
  process.exitCode = kept && broken.length === 0 ? 0 : 1;
}
