import { OmpayError } from '../../../core/errors.ts';
import { TargetRefusal } from '../../mysql/replay/refusal.ts';
import { lsnText, parseLsn } from '../../pglite/control.ts';
import type { WalEpoch } from './epochs.ts';
import { readRecords, type WalCommit, type WalEnd } from './scan.ts';
import { segmentOf, type WalSegment } from './segments.ts';

export type WalTarget =
  | { readonly kind: 'latest' }
  /** What begins before it is in. */
  | { readonly kind: 'lsn'; readonly lsn: bigint }
  /** What was committed until then is in. */
  | { readonly kind: 'time'; readonly atMs: number };

/** Where replay ends, as PostgreSQL is told it: before the record that begins at `lsn`, or behind it. */
export interface WalStop {
  readonly lsn: bigint;
  readonly isInclusive: boolean;
  readonly last: WalCommit | undefined;
  /** Undefined at the end of the log. */
  readonly next: WalCommit | undefined;
  /** Commits that are replayed on the base. */
  readonly count: number;
}

export interface WalSearch {
  readonly programFolder: string;
  readonly epoch: WalEpoch;
  /** Of the epoch, as they lie in `folder` under their full names. */
  readonly segments: readonly WalSegment[];
  readonly folder: string;
  /** Where the base begins and is consistent, and when its copying began. */
  readonly base: { readonly from: bigint; readonly to: bigint; readonly startedAtMs: number };
  readonly target: WalTarget;
  /** What the receiver confirmed to have; zero when that is not known. */
  readonly received: bigint;
  /** Up to when nothing is missing at the log's end; 0 when that is not known. */
  readonly knownUntilMs: number;
}

/**
 * Reads the log from the base on and finds where replay has to end. Throws TargetRefusal (`notFound`) when the target
 * cannot be reached from this base, `backupDamaged` when the log ends where it must not.
 */
export async function findStop(search: WalSearch): Promise<WalStop> {
  const { base, target } = search;
  if (target.kind === 'time' && target.atMs < base.startedAtMs) throw beforeBase('it is before the base');
  if (target.kind === 'lsn' && target.lsn < base.to)
    throw beforeBase(`it is before ${lsnText(base.to)}, where the base is consistent`);
  const from = firstPlace(search);
  const { programFolder, folder, epoch } = search;
  const records = readRecords({ programFolder, folder, timeline: epoch.timeline }, lsnText(from));
  let last: WalCommit | undefined;
  let end = 0n;
  let count = 0;
  try {
    for (;;) {
      const step = await records.next();
      if (step.done === true) return endOf(search, { last, end, count, said: step.value });
      const { lsn, commit } = step.value;
      if (isBehind(target, lsn, commit)) {
        if (lsn < base.to) throw beforeBase('the base holds transactions of after it');
        return { lsn, isInclusive: false, last, next: await nextCommit(records, commit), count };
      }
      end = lsn;
      if (commit === undefined) continue;
      last = commit;
      if (lsn >= base.to) count += 1;
    }
  } finally {
    await records.return({ said: '' });
  }
}

/** The base brings its own log up to where it is consistent; from that segment on it has to be received. */
function firstPlace({ base, segments }: WalSearch): bigint {
  const [first] = segments;
  if (first === undefined || first.number > segmentOf(base.to))
    throw beforeBase(`the log that was received begins after the base (${first?.name ?? 'nothing'})`);
  const received = first.number * 16n * 1024n * 1024n;
  return base.from > received ? base.from : received;
}

function isBehind(target: WalTarget, lsn: bigint, commit: WalCommit | undefined): boolean {
  if (target.kind === 'lsn') return lsn >= target.lsn;
  return target.kind === 'time' && commit !== undefined && commit.committedAtMs > target.atMs;
}

async function nextCommit(
  records: ReturnType<typeof readRecords>,
  found: WalCommit | undefined,
): Promise<WalCommit | undefined> {
  let commit = found;
  while (commit === undefined) {
    const step = await records.next();
    if (step.done === true) return undefined;
    commit = step.value.commit;
  }
  return commit;
}

interface Read {
  readonly last: WalCommit | undefined;
  /** Where the last record begins. */
  readonly end: bigint;
  readonly count: number;
  readonly said: WalEnd;
}

function endOf(search: WalSearch, { last, end, count, said }: Read): WalStop {
  assertWholeLog(search, end, said.said);
  const { target, knownUntilMs, base } = search;
  if (target.kind === 'lsn' && target.lsn > search.received)
    throw unreachable(`the log that was received ends at ${lsnText(end)}`);
  if (target.kind === 'time' && target.atMs > knownUntilMs) {
    const known = knownUntilMs === 0 ? 'not known' : new Date(knownUntilMs).toISOString();
    throw unreachable(`nothing is known of after ${known}`);
  }
  if (end < base.to) throw beforeBase('no log of after the base was received');
  return { lsn: end, isInclusive: true, last, next: undefined, count };
}

/** PostgreSQL takes a damaged record for the end of the log: what was received says where the end is. */
function assertWholeLog({ segments, received }: WalSearch, end: bigint, said: string): void {
  const newest = segments.at(-1)?.number ?? 0n;
  const at =
    /(?:record length|contrecord|magic number|page header|pageaddr).* at ([0-9A-F]+\/[0-9A-F]+)/.exec(said);
  const readUntil = at?.[1] === undefined ? end : parseLsn(at[1]);
  const isTorn = /checksum|prev-link|resource manager|unexpected pageaddr|invalid info bits/.test(said);
  const isShort = /record length/.test(said) && readUntil < received;
  if (isTorn || isShort || segmentOf(end) + 1n < newest) throw damaged(end, said);
}

function damaged(end: bigint, said: string): OmpayError {
  const why = said.trimEnd().split('\n').at(-1) ?? '';
  return new OmpayError('backupDamaged', `the received log is damaged after ${lsnText(end)}: ${why}`, {
    hint: 'restore to before it: ompay restore --to TIME --plan; then make a base: ompay backup create',
    cause: said,
  });
}

function beforeBase(why: string): TargetRefusal {
  return new TargetRefusal(why, { hint: 'ompay backup list', isOfBase: true });
}

function unreachable(why: string): TargetRefusal {
  return new TargetRefusal(why, { hint: 'ompay restore --to latest --plan', isOfBase: false });
}
