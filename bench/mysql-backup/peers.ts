import { systemClock } from '../../src/core/clock.ts';
import { byMariadbBackup } from './peers/mariadb-backup.ts';
import { byMysqldump } from './peers/mysqldump.ts';
import { byOmpay } from './peers/ompay.ts';
import { byRestic } from './peers/restic.ts';
import { say } from './place.ts';
import { megabytes, type Part, seconds, table } from './report.ts';
import type { Stage } from './stage.ts';

/** One way of backing the database up and getting it back. */
export interface PeerFigures {
  readonly backupMs: number;
  readonly storedBytes: number;
  /** Until a server with the data answers. */
  readonly restoreMs: number;
  /** What was looked at before the backup counted. */
  readonly proven: string;
}

/** Text: why it cannot be measured here. */
export type Peer = (stage: Stage, place: PeerPlace) => Promise<PeerFigures | string>;

export interface PeerPlace {
  /** For all that it makes; removed with the bench's. */
  readonly work: string;
  readonly megabytes: number;
}

const PEERS: Readonly<Record<string, Peer>> = {
  'ompay, encrypted, two copies': byOmpay,
  'mysqldump --single-transaction \\| zstd': byMysqldump,
  'CLONE LOCAL, then restic, encrypted': byRestic,
  'mariadb-backup \\| zstd, MariaDB with as much of the same rows': byMariadbBackup,
};

/** Backup and restore of the same database, one after the other in this run. */
export async function comparePeers(stage: Stage, place: PeerPlace): Promise<Part> {
  const rows: string[][] = [];
  for (const [name, measure] of Object.entries(PEERS)) {
    say(name);
    const seen = await measure(stage, place);
    if (typeof seen === 'string') rows.push([name, seen, '', '', '']);
    else
      rows.push([
        name,
        seconds(seen.backupMs),
        megabytes(seen.storedBytes),
        seconds(seen.restoreMs),
        seen.proven,
      ]);
  }
  const head = ['by', 'backup', 'stored', 'restore until it serves', 'proven before it counts'];
  return {
    title: 'Beside the usual tools',
    lines: [
      `The same ${megabytes(stage.tableBytes)} of tables; no log is replayed. zstd at level 3, as ours.`,
      '',
      ...table(head, rows),
    ],
    missed: [],
  };
}

/** Milliseconds that the work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const beginMs = systemClock.monotonicMs();
  await work();
  return systemClock.monotonicMs() - beginMs;
}
