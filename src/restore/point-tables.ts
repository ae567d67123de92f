import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import type { MysqlDump } from '../engine/dump/source.ts';
import { type DumpedTable, dumpTable } from '../engine/dump/table.ts';
import { reapScratch, type ScratchServer, startScratch } from '../engine/mysql/server.ts';
import { clearPlace, makeInPlace } from './place.ts';
import { makePoint, type PointDeps, type PointRestored } from './point.ts';
import type { PointPlan } from './point-plan.ts';

/** Recovery has nothing to do: the folder was stopped cleanly. */
const START_TIMEOUT_MS = 10 * 60_000;
/** Counting the rows of a large table that nobody has read yet. */
const COUNT_TIMEOUT_MS = 3_600_000;

export interface TablesDeps extends PointDeps {
  /** `mysqldump` of mysqld's series; absolute. */
  readonly dumpProgram: string;
}

export interface TablesRequest {
  /** Absent or empty; becomes a folder (0700) with `TABLE.sql` (0600) of each. */
  readonly into: string;
  /** Never empty. */
  readonly tables: readonly string[];
  readonly signal?: AbortSignal;
}

export interface TablesRestored extends PointRestored {
  readonly tables: readonly DumpedTable[];
  readonly dumpMs: number;
}

/**
 * Makes the database at the point beside `into` and proves it whole, as `restorePoint` does, and keeps of it these tables
 * alone. Throws `notFound` for a table that it has not, `backupDamaged`; then `into` is as it was.
 */
export async function restoreTables(
  deps: TablesDeps,
  plan: PointPlan,
  request: TablesRequest,
): Promise<TablesRestored> {
  const { into } = request;
  await clearPlace(reapScratch, into);
  return makeInPlace(into, async (folder) => {
    const restored = await makePoint(deps, plan, { ...request, folder });
    const beginMs = deps.clock.monotonicMs();
    const sqlFolder = join(dirname(folder), 'tables');
    await mkdir(sqlFolder, { mode: 0o700 });
    const dumped = await dumpFrom(folder, { ...deps, ...request, sqlFolder });
    await rm(folder, { recursive: true });
    await rename(sqlFolder, folder);
    const tables = dumped.map((each) => ({ ...each, path: join(into, fileOf(each.table)) }));
    return { ...restored, tables, dumpMs: Math.round(deps.clock.monotonicMs() - beginMs) };
  });
}

type Dumping = TablesDeps & TablesRequest & { readonly sqlFolder: string };

/** Of a server that is started anew: the one that replayed asks for passwords, which the log may have changed. */
async function dumpFrom(folder: string, dumping: Dumping): Promise<readonly DumpedTable[]> {
  const { scratch, tables, clock, signal } = dumping;
  const server = await startScratch(scratch, folder, {
    timeoutMs: START_TIMEOUT_MS,
    queryMs: COUNT_TIMEOUT_MS,
    database: scratch.database,
    args: ['--skip-log-bin'],
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    const dumped: DumpedTable[] = [];
    for (const table of tables) dumped.push(await dumpWhole(table, server, dumping, clock));
    return dumped;
  } finally {
    await server.stop('kill');
  }
}

async function dumpWhole(
  table: string,
  { session, socketPath }: ScratchServer,
  { scratch, dumpProgram, sqlFolder, signal }: Dumping,
  clock: Clock,
): Promise<DumpedTable> {
  const source = { place: { socketPath }, username: 'root', password: new Secret('') };
  const dump: MysqlDump = {
    engine: 'mysql',
    source,
    database: scratch.database,
    program: dumpProgram,
    clock,
  };
  const path = join(sqlFolder, fileOf(table));
  const { isComplete, ...dumped } = await dumpTable(dump, {
    table,
    path,
    ...(signal === undefined ? {} : { signal }),
  });
  const [rows = ''] = await session.values(`select count(*) from "${table}"`);
  if (!isComplete || String(dumped.rows) !== rows) throw notWhole(table, dumped.rows, rows);
  return dumped;
}

function fileOf(table: string): string {
  return `${table}.sql`;
}

function notWhole(table: string, dumped: number, counted: string): OmpayError {
  return new OmpayError(
    'backupDamaged',
    `the dump of ${table} is not whole: it has ${dumped} rows, and the table ${counted}`,
    { hint: 'look at the programs of MySQL, which are to be of one series: mysqldump --version' },
  );
}
