/**
 * npm run bench:backup [-- --part rto --part added --part points --part peers --megabytes 1000 --transactions 100000 --points 200 --minutes 60 --write]
 * Point-in-time backups of MySQL 9.7 against their bars: the time from the command to a proven database, what proof adds
 * to a backup and its memory, exactness at random transactions, and the same by the usual tools. Everything on this
 * machine's loopback, in one temporary folder. `--write` keeps the page in docs/evidence/backup.md. Exit 1 when a bar is
 * missed. Replay beside `mysqlbinlog | mysql`, RPO and the receiver's delay: bench/binlog.ts.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isoTime, systemClock } from '../src/core/clock.ts';
import { MYSQL } from '../tests/fixtures/servers/mysql.ts';
import { measureAdded } from './mysql-backup/added.ts';
import { comparePeers } from './mysql-backup/peers.ts';
import { workPlace } from './mysql-backup/place.ts';
import { measurePoints } from './mysql-backup/points.ts';
import { type Part, shownPart } from './mysql-backup/report.ts';
import { measureRto } from './mysql-backup/rto.ts';
import { makeStage, type Stage } from './mysql-backup/stage.ts';

const PARTS = ['rto', 'added', 'points', 'peers'];

const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: PARTS },
    megabytes: { type: 'string', default: '1000' },
    transactions: { type: 'string', default: '100000' },
    points: { type: 'string', default: '200' },
    minutes: { type: 'string', default: '60' },
    write: { type: 'boolean', default: false },
  },
});
const megabytes = Number(values.megabytes);
const unknown = values.part.filter((name) => !PARTS.includes(name));
if (unknown.length > 0) throw new Error(`${unknown.join(', ')} is none of ${PARTS.join(', ')}`);
if (MYSQL.absent !== undefined) throw new Error(MYSQL.absent);

const work = workPlace(Number(values.minutes) * 60_000);
report(await measured());

async function measured(): Promise<readonly Part[]> {
  const parts: Part[] = [];
  const keep = (part: Part): void => {
    parts.push(part);
    process.stderr.write(`${shownPart(part)}\n`);
  };
  if (['rto', 'added', 'peers'].some(isWanted)) await onStage(keep);
  if (isWanted('points')) keep(await measurePoints(work, Number(values.points)));
  return parts;
}

/** The peers come before the transactions, so that all copy the same. */
async function onStage(keep: (part: Part) => void): Promise<void> {
  const stage: Stage = await makeStage(work, megabytes);
  try {
    if (isWanted('added')) keep(await measureAdded(stage));
    if (isWanted('peers')) keep(await comparePeers(stage, { work, megabytes }));
    if (isWanted('rto')) keep(await measureRto(stage, Number(values.transactions)));
  } finally {
    await stage.dispose();
  }
}

function isWanted(part: string): boolean {
  return values.part.includes(part);
}

function report(parts: readonly Part[]): void {
  const text = page(parts);
  process.stdout.write(text);
  process.exitCode = parts.every(({ missed }) => missed.length === 0) ? 0 : 1;
  if (!values.write) return;
  const folder = resolve(import.meta.dirname, '../docs/evidence');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'backup.md'), text);
}

function page(parts: readonly Part[]): string {
  const words = `--megabytes ${values.megabytes} --transactions ${values.transactions} --points ${values.points}`;
  return `# Backups of MySQL to a point in time

\`npm run bench:backup -- ${words}\` on ${isoTime(systemClock.now())}: ${cpus().length} cores with the database, its clients and the backup on them;
single runs. What is measured is told in [its page](../mysql-backup.md). Replay beside \`mysqlbinlog | mysql\`: \`node bench/binlog.ts\`.

${parts.map(shownPart).join('\n')}`;
}
