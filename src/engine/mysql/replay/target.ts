import { join } from 'node:path';
import { isoTime } from '../../../core/clock.ts';
import type { EpochFolder } from '../binlog/epochs.ts';
import {
  gtidsAfter,
  previousGtidsOf,
  type SegmentScan,
  scanSegment,
  segmentNumber,
} from '../binlog/segment.ts';
import type { Transaction } from '../binlog/transactions.ts';
import {
  areEqual,
  contains,
  differenceOf,
  type Gtid,
  type GtidSet,
  gtidSetText,
  gtidText,
  hasGtid,
  NO_GTIDS,
  unionOf,
  withGtid,
} from '../gtid-set.ts';
import { damaged, notInOrder, OF_BASE, ofTwoHistories, tooFine, unreachable } from './refusal.ts';

/** The server's clock and this machine's may differ so much. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** Up to and with the last transaction that the log has, that was committed by then, or that is named. */
export type ReplayTarget =
  | { readonly kind: 'latest' }
  | { readonly kind: 'time'; readonly atMs: number }
  | { readonly kind: 'gtid'; readonly gtid: Gtid };

export interface ResolveRequest {
  readonly epoch: EpochFolder;
  /** What the base backup holds. */
  readonly base: GtidSet;
  readonly target: ReplayTarget;
  /** Up to when it is known that nothing is missing at the end of the log: the receiver's `caughtUpAt`. */
  readonly knownUntilMs: number;
  /** When the base was whole, by this machine's clock: what it holds was committed before, by the server's. */
  readonly baseWholeAtMs?: number;
  /** When copying the base began, by this machine's clock: what it does not hold was not committed long before. MariaDB's alone. */
  readonly baseBegunAtMs?: number;
  /** How exactly the log says when a transaction was committed: a time stands for so long from it on. 0 unless it is said. */
  readonly resolutionMs?: number;
}

/** The exact transactions on either side of a target, and the files that lead there. */
export interface ResolvedTarget {
  /** The last one that is replayed or that the base holds; undefined when the base is the target and the log begins there. */
  readonly last: Transaction | undefined;
  /** The first one that is left out. */
  readonly next: Transaction | undefined;
  /** What the database holds afterwards, exactly. */
  readonly gtids: GtidSet;
  /** How many transactions are replayed. */
  readonly count: number;
  /** What the base holds. */
  readonly base: GtidSet;
  /** Where the first transaction that is replayed begins, bytes in the first file. */
  readonly firstOffset: number;
  /** In order; of the last only the first bytes. */
  readonly files: readonly { readonly path: string; readonly sizeBytes: number }[];
  /**
   * Transactions after the target that were committed before it by the server's clock: it was set back meanwhile. Only
   * for times.
   */
  readonly committedEarlier: number;
}

/**
 * Reads the log of an epoch, checks that nothing in it is missing or changed, and finds the place to stop. A target that
 * cannot be reached exactly is refused, never rounded. Throws `notFound`, `backupDamaged`.
 */
export async function resolveTarget(request: ResolveRequest): Promise<ResolvedTarget> {
  const { epoch, base, target, resolutionMs = 0 } = request;
  if (target.kind === 'time' && resolutionMs > 0 && target.atMs % resolutionMs !== 0) throw tooFine();
  const search = new Search(request);
  let before: Before | undefined;
  for (const name of await neededSegments(epoch, base)) {
    const path = join(epoch.folder, name);
    search.enter((await previousGtidsOf(path)) ?? NO_GTIDS);
    const scan = await scanSegment(path, (transaction) => search.take(transaction, path));
    assertFollows(before, name, scan);
    assertWhole(path, scan, name === epoch.segments.at(-1));
    if (before === undefined) assertReachesBack(scan.previousGtids, base, path);
    if (before === undefined) search.begin(scan.previousGtids);
    before = { name, gtids: gtidsAfter(scan) };
  }
  if (before === undefined) throw unreachable('no log was received yet', { hint: 'ompay backup stream' });
  assertReached(request, search);
  return search.result();
}

/**
 * From the last file on that begins before the end of the base: all of the older ones is in the base. One that begins
 * where the base ends is not enough: what both hold shows whether they are of one history.
 */
async function neededSegments({ folder, segments }: EpochFolder, base: GtidSet): Promise<readonly string[]> {
  for (const [index, name] of [...segments.entries()].slice(1).reverse()) {
    const previous = await previousGtidsOf(join(folder, name));
    if (previous !== undefined && contains(base, previous) && !areEqual(base, previous))
      return segments.slice(index);
  }
  return segments;
}

class Search {
  readonly #base: GtidSet;
  readonly #target: ReplayTarget;
  readonly #baseWholeAtMs: number;
  readonly #baseBegunAtMs: number;
  #seen = NO_GTIDS;
  #firstOffset = 0;
  #isPast = false;
  #previous = NO_GTIDS;
  #gtids = NO_GTIDS;
  #last: Transaction | undefined;
  #next: Transaction | undefined;
  #count = 0;
  #committedEarlier = 0;
  readonly #files = new Map<string, number>();

  constructor(request: ResolveRequest) {
    this.#base = request.base;
    this.#target = request.target;
    this.#baseWholeAtMs = request.baseWholeAtMs ?? Number.POSITIVE_INFINITY;
    this.#baseBegunAtMs = request.baseBegunAtMs ?? Number.NEGATIVE_INFINITY;
  }

  /** A file comes, before which so much was committed. */
  enter(previous: GtidSet): void {
    this.#seen = unionOf(this.#seen, previous);
  }

  begin(previous: GtidSet): void {
    this.#previous = previous;
  }

  take(transaction: Transaction, path: string): void {
    const target = this.#target;
    this.#assertSameHistory(transaction);
    this.#assertInOrder(transaction);
    this.#isPast ||= target.kind === 'time' && transaction.committedAtMs > target.atMs;
    if (this.#isPast) {
      this.#next ??= transaction;
      if (target.kind === 'time' && transaction.committedAtMs <= target.atMs) this.#committedEarlier += 1;
      return;
    }
    this.#last = transaction;
    this.#gtids = withGtid(this.#gtids, transaction.gtid);
    if (!hasGtid(this.#base, transaction.gtid)) {
      if (this.#count === 0) this.#firstOffset = transaction.startOffset;
      this.#count += 1;
      this.#files.set(path, transaction.endOffset);
    }
    this.#isPast = target.kind === 'gtid' && gtidText(transaction.gtid) === gtidText(target.gtid);
  }

  /** After RESET a server gives the same names to other transactions. */
  #assertSameHistory({ gtid, committedAtMs }: Transaction): void {
    const name = gtidText(gtid);
    if (!hasGtid(this.#base, gtid)) {
      if (committedAtMs >= this.#baseBegunAtMs - CLOCK_SKEW_MS) return;
      throw ofTwoHistories(`the log's ${name} was committed before the base backup, which does not hold it`);
    }
    const held = this.#base.get(gtid.source)?.at(-1);
    if (held?.last === gtid.number && held.server !== gtid.server)
      throw ofTwoHistories(`the log's ${name} is of another server than the base backup's`);
    if (committedAtMs > this.#baseWholeAtMs + CLOCK_SKEW_MS)
      throw ofTwoHistories(
        `the log's ${name} was committed after the base backup that holds one of that name`,
      );
  }

  /** A position of MariaDB says no more than the last number of each domain, and a replay begins at a place in a file. */
  #assertInOrder({ gtid }: Transaction): void {
    if (gtid.server === undefined) return;
    if (hasGtid(this.#seen, gtid)) throw notInOrder(gtid);
    this.#seen = withGtid(this.#seen, gtid);
    if (this.#count > 0 && hasGtid(this.#base, gtid)) throw notInOrder(gtid);
  }

  /** A transaction after the target is there, or the target itself. */
  get isFound(): boolean {
    return this.#isPast;
  }

  /** In the base, and after the target: they cannot be taken out again. */
  get tooMany(): GtidSet {
    return differenceOf(this.#base, unionOf(this.#previous, this.#gtids));
  }

  result(): ResolvedTarget {
    return {
      last: this.#last,
      next: this.#next,
      gtids: unionOf(this.#base, this.#gtids),
      count: this.#count,
      base: this.#base,
      firstOffset: this.#firstOffset,
      files: [...this.#files].map(([path, sizeBytes]) => ({ path, sizeBytes })),
      committedEarlier: this.#committedEarlier,
    };
  }
}

function assertReached(request: ResolveRequest, search: Search): void {
  const { target, knownUntilMs, base, baseWholeAtMs = 0 } = request;
  if (target.kind === 'gtid' && !search.isFound) {
    if (hasGtid(base, target.gtid))
      throw unreachable(`${gtidText(target.gtid)} is older than the base backup`, OF_BASE);
    throw unreachable(`${gtidText(target.gtid)} is not in the log that was received`);
  }
  if (target.kind === 'time' && !search.isFound) {
    const { resolutionMs = 0 } = request;
    // Of the last second more may have come.
    const end =
      resolutionMs > 0 ? knownUntilMs : Math.max(search.result().last?.committedAtMs ?? 0, knownUntilMs);
    if (target.atMs + resolutionMs > end) {
      const shown = `${isoTime(target.atMs)} is after the end of the log that was received, ${isoTime(end)}`;
      throw unreachable(shown);
    }
  }
  // The log begins at the base's end: when the base's own transactions were committed is not known.
  if (target.kind === 'time' && search.result().last === undefined && target.atMs < baseWholeAtMs)
    throw unreachable(`${isoTime(target.atMs)} is before the base backup`, OF_BASE);
  const tooMany = search.tooMany;
  if (tooMany.size > 0) {
    const shown = gtidSetText(tooMany).slice(0, 300);
    throw unreachable(`the base backup holds transactions after the target: ${shown}`, OF_BASE);
  }
}

interface Before {
  readonly name: string;
  readonly gtids: GtidSet;
}

function assertFollows(before: Before | undefined, name: string, scan: SegmentScan): void {
  if (before === undefined) return;
  const [from = 0, to] = [segmentNumber(before.name), segmentNumber(name)];
  if (to !== from + 1) throw damaged(`between ${before.name} and ${name} a file is missing`);
  if (areEqual(before.gtids, scan.previousGtids)) return;
  const expected = gtidSetText(before.gtids);
  throw damaged(
    `${name} follows ${gtidSetText(scan.previousGtids)}, but ${before.name} ends with ${expected}`,
  );
}

/** The newest file may end within what a server or receiver that was killed had not finished. */
function assertWhole(path: string, scan: SegmentScan, isNewest: boolean): void {
  const isWhole = scan.fault === '' && scan.wholeBytes === scan.sizeBytes;
  if (isWhole || (isNewest && !scan.isClosed && scan.fault === TORN)) return;
  if (isNewest && scan.fault === '') return;
  throw damaged(`${path} is damaged after ${scan.validBytes} bytes: ${scan.fault}`);
}

const TORN = 'the last event is not whole';

function assertReachesBack(previous: GtidSet, base: GtidSet, path: string): void {
  if (contains(base, previous)) return;
  const missing = gtidSetText(differenceOf(previous, base)).slice(0, 300);
  throw unreachable(`the log begins at ${path}, after what the base holds; missing are ${missing}`, OF_BASE);
}
