import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { messageOf } from '../../src/core/errors.ts';
import { type EpochFolder, listEpochs } from '../../src/engine/mysql/binlog/epochs.ts';
import {
  countOf,
  differenceOf,
  type GtidSet,
  parseGtid,
  parseGtidSet,
} from '../../src/engine/mysql/gtid-set.ts';
import { replay } from '../../src/engine/mysql/replay/replay.ts';
import { resolveTarget } from '../../src/engine/mysql/replay/target.ts';
import type { MysqlSession } from '../../src/engine/mysql/session.ts';
import { mysqlEngine } from '../../src/engine/mysql.ts';
import { copyInto } from '../../tests/contract/engine.ts';
import { startReceiving } from '../../tests/engine/mysql/receiving.ts';
import { type MysqlSource, startSource } from '../../tests/engine/mysql/source.ts';
import { MYSQLD } from '../../tests/fixtures/servers/mysql.ts';
import { makeTables, post } from '../binlog/stage.ts';
import { say } from './place.ts';
import { type Part, seconds } from './report.ts';

const SCRATCH = { serverCommand: MYSQLD, clock: systemClock };
const CHECKSUM = 'checksum table transfers, entries, accounts, head';
/** Points are drawn of so many transactions each. */
const TRANSACTIONS_A_POINT = 5;
const TRANSACTIONS_A_FILE = 150;

/** What the source was right after one transaction, when it had executed exactly that set. */
interface Reference {
  readonly gtid: string;
  readonly executed: GtidSet;
  readonly checksums: string;
}

/** Restores to random transactions, each into a copy of one base, and compares with what the source was then. */
export async function measurePoints(work: string, points: number): Promise<Part> {
  const source = await startSource(['--sync-binlog=0', '--innodb-flush-log-at-trx-commit=2']);
  try {
    say(`${points * TRANSACTIONS_A_POINT} transactions with their checksums`);
    const { base, epoch, references } = await history(source, points * TRANSACTIONS_A_POINT);
    say(`${points} restores`);
    const beginMs = systemClock.monotonicMs();
    const results: Restored[] = [];
    for (const reference of drawn(references, points))
      results.push(await restoreTo(reference, { work, folder: join(source.folder, 'base'), base, epoch }));
    const equal = results.filter(({ isEqual }) => isEqual).length;
    const overshot = results.filter(({ tooMany }) => tooMany > 0).length;
    for (const { problem } of results) if (problem !== '') say(problem);
    const took = seconds((systemClock.monotonicMs() - beginMs) / Math.max(1, points));
    return {
      title: 'Random transactions, restored to exactly',
      lines: [
        `${points} random GTIDs of ${references.length.toLocaleString('en')} transactions in ${epoch.segments.length} files, each reached from the same base: ` +
          `**${equal} equal** to what the source was after that transaction (CHECKSUM TABLE of the ledger, and the set of GTIDs), ` +
          `**${overshot}** with a transaction beyond it; ${took} each.`,
      ],
      missed:
        equal === points && overshot === 0
          ? []
          : [`${equal} of ${points} equal, ${overshot} too far; the bar is all and 0`],
    };
  } finally {
    await source.dispose();
  }
}

async function history(source: MysqlSource, transactions: number) {
  const session = await source.connect();
  await session.run('set global rpl_semi_sync_source_enabled = off');
  await makeTables(session);
  await post(session, 'before', 1);
  const engine = mysqlEngine({
    ...SCRATCH,
    source: source.access,
    database: 'ompay',
    workFolder: join(source.folder, 'work'),
  });
  const base = parseGtidSet((await copyInto(engine, join(source.folder, 'base'))).to);
  const root = join(source.folder, 'received');
  const receiver = startReceiving(source, { root });
  const references: Reference[] = [];
  for (let number = 1; number <= transactions; number += 1) {
    await post(session, `p${number}`, number);
    references.push(await referenceOf(session));
    if (number % TRANSACTIONS_A_FILE === 0) await session.run('flush binary logs');
  }
  const end = (await session.rows('show binary log status'))?.[0];
  await receiver.until(({ file, offset }) => file === end?.File && `${offset}` === end?.Position);
  await receiver.stop();
  session.close();
  const [epoch] = await listEpochs(root);
  if (epoch === undefined) throw new Error('nothing was received');
  return { base, epoch, references };
}

/** The only client is this one, so the newest transaction has the highest number. */
async function referenceOf(session: MysqlSession): Promise<Reference> {
  const [text = ''] = await session.values('select @@global.gtid_executed');
  const checksums = JSON.stringify(await session.rows(CHECKSUM));
  return { gtid: text.replace(/:.*?(\d+)$/, ':$1'), executed: parseGtidSet(text), checksums };
}

/** Each at most once. */
function drawn(references: readonly Reference[], points: number): readonly Reference[] {
  const rest = [...references];
  return Array.from({ length: points }, () => rest.splice(Math.floor(Math.random() * rest.length), 1)).flat();
}

interface From {
  readonly work: string;
  /** The base's data folder, which stays as it is. */
  readonly folder: string;
  readonly base: GtidSet;
  readonly epoch: EpochFolder;
}

interface Restored {
  readonly isEqual: boolean;
  /** Transactions beyond the target. */
  readonly tooMany: number;
  /** Empty unless it was refused. */
  readonly problem: string;
}

async function restoreTo(reference: Reference, from: From): Promise<Restored> {
  const copy = join(from.work, 'point');
  cpSync(from.folder, copy, { recursive: true });
  try {
    return { ...(await replayed(reference, from, copy)), problem: '' };
  } catch (error) {
    return { isEqual: false, tooMany: 0, problem: `${reference.gtid}: ${messageOf(error)}` };
  } finally {
    rmSync(copy, { recursive: true });
  }
}

async function replayed({ gtid, executed, checksums }: Reference, { base, epoch }: From, copy: string) {
  const wanted = { kind: 'gtid', gtid: parseGtid(gtid) } as const;
  const target = await resolveTarget({ epoch, base, target: wanted, knownUntilMs: 0 });
  const request = { folder: copy, database: 'ompay', target, startTimeoutMs: 120_000, timeoutMs: 300_000 };
  const server = await replay(SCRATCH, request);
  try {
    const [text = ''] = await server.session.values('select @@global.gtid_executed');
    const seen = parseGtidSet(text);
    const tooMany = countOf(differenceOf(seen, executed));
    const missing = countOf(differenceOf(executed, seen));
    const isSame = JSON.stringify(await server.session.rows(CHECKSUM)) === checksums;
    return { isEqual: isSame && tooMany === 0 && missing === 0, tooMany };
  } finally {
    await server.stop('kill');
  }
}
