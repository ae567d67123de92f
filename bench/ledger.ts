/**
 * npm run bench:ledger [-- --databases mysql,mariadb,pgsql --runs 3 --seconds 10 --users 200000 --connections 256 --cases hot --profile FOLDER --json --write]
 * Durable transfers a second over HTTP: real API processes, real servers with durable commits, the load generator in its
 * own process, all on this machine's unix sockets. Rate limits and ceilings are on. Beside our batches stands the usual
 * design, one transaction a request, with the same statements. `--write` keeps the table in docs/evidence/ledger.md.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isoTime, systemClock } from '../src/core/clock.ts';
import { bundleApi } from '../tests/fixtures/api-process.ts';
import { type Case, type Length, measure, type Stage } from './ledger/measure.ts';
import { type Row, tableOf } from './ledger/report.ts';
import { seed } from './ledger/seed.ts';
import { startServer } from './ledger/servers.ts';

const { values } = parseArgs({
  options: {
    databases: { type: 'string', default: 'mysql,mariadb,pgsql' },
    cases: { type: 'string', default: '' },
    runs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    users: { type: 'string', default: '200000' },
    connections: { type: 'string', default: '256' },
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const ours = { peer: false, ratePerSecond: 0 };
const peer = { peer: true, ratePerSecond: 0 };
const CASES: readonly Case[] = [
  { ...ours, name: 'spread, 1 process', processes: 1, hot: false },
  { ...ours, name: 'spread, 2 processes', processes: 2, hot: false },
  { ...ours, name: 'hot merchant, 1 process', processes: 1, hot: true },
  { ...ours, name: 'hot merchant, 2 processes', processes: 2, hot: true },
  { ...ours, name: '1,000/s spread, 1 process', processes: 1, hot: false, ratePerSecond: 1_000 },
  { ...peer, name: 'a transaction a request, spread, 1 process', processes: 1, hot: false },
  { ...peer, name: 'a transaction a request, spread, 2 processes', processes: 2, hot: false },
  { ...peer, name: 'a transaction a request, hot merchant, 1 process', processes: 1, hot: true },
];

const length: Length = {
  warmUpMs: 3_000,
  durationMs: Number(values.seconds) * 1000,
  connections: Number(values.connections),
};
const work = mkdtempSync(join(tmpdir(), 'ompay-bench-'));

// What it started ends with it: an exit kills servers and APIs, a signal by itself would not.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

try {
  report(await main());
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function main(): Promise<readonly Row[]> {
  const entry = await bundleApi(work);
  const rows: Row[] = [];
  for (const database of values.databases.split(',')) rows.push(...(await measureOn(database, entry)));
  return rows;
}

async function measureOn(database: string, entry: string): Promise<readonly Row[]> {
  const server = await startServer(database);
  try {
    const settings = await server.emptyDatabase();
    say(`${database}: seeding ${values.users} accounts`);
    const stage: Stage = {
      folder: work,
      entry,
      settings,
      seeded: await seed(settings, Number(values.users)),
      profileFolder: values.profile,
    };
    const rows: Row[] = [];
    for (const one of CASES.filter(({ name }) => name.includes(values.cases)))
      rows.push(await repeat(database, one, stage));
    return rows;
  } finally {
    await server.stop();
  }
}

async function repeat(database: string, one: Case, stage: Stage): Promise<Row> {
  const row: Row = { database, one, runs: [] };
  const runs = [];
  for (let run = 1; run <= Number(values.runs); run += 1) {
    const measured = await measure(stage, one, length);
    say(`${database}, ${one.name}: ${JSON.stringify(measured)}`);
    runs.push(measured);
  }
  return { ...row, runs };
}

function report(rows: readonly Row[]): void {
  const table = tableOf(rows);
  process.stdout.write(values.json ? `${JSON.stringify(rows, null, 2)}\n` : `${table}\n`);
  if (!values.write) return;
  const folder = resolve(import.meta.dirname, '../docs/evidence');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'ledger.md'), page(table));
}

function page(table: string): string {
  return `# Durable transfers a second

\`npm run bench:ledger\` on ${isoTime(systemClock.now())}: ${cpus().length} cores with database and load generator, ${values.users} accounts,
${values.connections} connections, the median of ${values.runs} runs of ${values.seconds} s. Every commit is durable (innodb_flush_log_at_trx_commit=1,
sync_binlog=1, synchronous_commit=on); rate limits and ceilings are on; what is counted is answered 2xx \`reussi\`.

${table}
`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
