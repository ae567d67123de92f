import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { type ReceiverStatus, readStatus } from '../../src/engine/mysql/binlog/status.ts';
import { startScratch } from '../../src/engine/mysql/server.ts';
import { MYSQLD } from '../../tests/fixtures/servers/mysql.ts';
import { CHECKSUM } from './ledger.ts';
import { say } from './place.ts';
import { megabytes, missedBar, type Part, seconds, table } from './report.ts';
import { type Finished, numberIn } from './site.ts';
import type { Stage } from './stage.ts';

const RTO_BAR_MS = 30_000;
const RECEIVE_TIMEOUT_MS = 5 * 60_000;
const STOP_TIMEOUT_MS = 60_000;

/** From the loss of the database to a proven one with its last transaction, by one command whose files nobody has read. */
export async function measureRto(stage: Stage, transactions: number): Promise<Part> {
  const { site, session } = stage;
  say(`${transactions} transactions, received`);
  await receive(stage, transactions);
  dropFromCache(site.root);
  say('ompay restore --to latest');
  const into = join(site.root, 'restored');
  const restored = await site.run('restore', '--to', 'latest', '--into', into);
  const isEqual = (await checksumsIn(into)) === JSON.stringify(await session.rows(CHECKSUM));
  rmSync(into, { recursive: true });
  const replayed = numberIn(restored, 'transactions');
  return {
    title: 'From the command to a proven database',
    lines: [
      `\`ompay restore -e ENV --to latest --into FOLDER\`: a base with ${megabytes(stage.tableBytes)} of tables and ` +
        `${replayed.toLocaleString('en')} transactions since, of 9 rows each; copies and log out of the page cache.`,
      '',
      ...table(['part', 'seen'], split(restored)),
      '',
      `Checksums of the tables ${isEqual ? 'are the source’s' : 'DIFFER from the source’s'}.`,
    ],
    missed: [
      ...missedBar('milliseconds to a proven database', restored.wallMs, RTO_BAR_MS),
      ...(isEqual ? [] : ['the restored tables are not the source’s']),
      ...(replayed >= transactions ? [] : [`${replayed} transactions replayed of ${transactions}`]),
    ],
  };
}

function split(restored: Finished): readonly (readonly string[])[] {
  const parts = {
    planMs: 'find the base, read and check the log',
    extractMs: 'fetch, decrypt, extract',
    startMs: 'start',
    replayMs: 'replay',
    proveMs: 'prove',
    stopMs: 'clean stop',
  };
  return [
    ['**whole process (bar 30 s)**', `**${seconds(restored.wallMs)}**`],
    ...Object.entries(parts).map(([name, shown]) => [shown, seconds(numberIn(restored, name))]),
    ['start of the program and its end', seconds(restored.wallMs - numberIn(restored, 'rtoMs'))],
  ];
}

/** Transactions one after the other, while `ompay backup stream` receives them; it has all of them when this ends. */
async function receive({ site, session }: Stage, transactions: number): Promise<void> {
  const receiver = site.start('backup', 'stream');
  receiver.stdout?.resume();
  receiver.stderr?.pipe(process.stderr);
  const root = join(site.root, '.ompay/binlog/staging');
  await reached(root, ({ state }) => state === 'streaming');
  for (let first = 0; first < transactions; first += 500)
    await session.run(`call post_many(${first}, ${Math.min(500, transactions - first)})`);
  const end = (await session.rows('show binary log status'))?.[0];
  await reached(root, ({ file, offset }) => file === end?.File && `${offset}` === end?.Position);
  const gone = once(receiver, 'exit', { signal: AbortSignal.timeout(STOP_TIMEOUT_MS) });
  receiver.kill('SIGTERM');
  await gone;
}

async function reached(root: string, what: (status: ReceiverStatus) => boolean): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + RECEIVE_TIMEOUT_MS;
  for (;;) {
    const status = await readStatus(root);
    if (status !== undefined && what(status)) return;
    if (systemClock.monotonicMs() > deadlineMs)
      throw new Error(`the receiver is at ${JSON.stringify(status)}`);
    await systemClock.sleep(100);
  }
}

/** As after a start of the machine: dd asks the kernel to forget each file (posix_fadvise, POSIX_FADV_DONTNEED). */
function dropFromCache(root: string): void {
  for (const folder of ['disk', '.ompay'])
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true, recursive: true }))
      if (entry.isFile())
        execFileSync('dd', [
          `if=${join(entry.parentPath, entry.name)}`,
          'iflag=nocache',
          'count=0',
          'status=none',
        ]);
}

async function checksumsIn(folder: string): Promise<string> {
  const request = { timeoutMs: 120_000, queryMs: 120_000, database: 'ompay', args: ['--skip-log-bin'] };
  const server = await startScratch({ serverCommand: MYSQLD, clock: systemClock }, folder, request);
  try {
    return JSON.stringify(await server.session.rows(CHECKSUM));
  } finally {
    await server.stop('kill');
  }
}
