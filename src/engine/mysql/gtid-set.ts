import { OmpayError } from '../../core/errors.ts';

/**
 * One transaction: of MySQL the UUID of the server that committed it first, and its number there, from 1; of MariaDB the
 * number of its domain, and its number therein.
 */
export interface Gtid {
  readonly source: string;
  readonly number: number;
  /** MariaDB's alone: the server_id that committed it first. */
  readonly server?: number;
}

/** Numbers of one server's transactions, both ends included. */
export interface GtidInterval {
  readonly first: number;
  readonly last: number;
  /** MariaDB's alone: the server_id that committed `last`. */
  readonly server?: number;
}

/**
 * By the server's UUID, lower-case; of MariaDB by the domain, and then all up to the last one: its numbers ascend.
 * Intervals ascend, never touch each other, and no list is empty.
 */
export type GtidSet = ReadonlyMap<string, readonly GtidInterval[]>;

export const NO_GTIDS: GtidSet = new Map();

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const INTERVAL = /^(\d{1,16})(?:-(\d{1,16}))?$/;

/** domain, server, number: MariaDB has 32 bits of the first two. */
const MARIADB_GTID = /^(\d{1,10})-(\d{1,10})-(\d{1,16})$/;

/**
 * A set as MySQL writes it: `uuid:1-5:7, uuid:3`, or a position as MariaDB does: `0-1-57,1-1-3`. Throws `usage`, also for tagged GTIDs (`uuid:tag:1`), which are not
 * known here, and for numbers over 2^53.
 */
export function parseGtidSet(text: string): GtidSet {
  let set = NO_GTIDS;
  for (const part of text.split(',').map((each) => each.trim().toLowerCase())) {
    if (part === '') continue;
    if (MARIADB_GTID.test(part)) {
      set = withGtid(set, parseMariadbGtid(part));
      continue;
    }
    const [source = '', ...intervals] = part.split(':').map((each) => each.trim());
    if (!UUID.test(source) || intervals.length === 0) throw notASet(text);
    for (const interval of intervals)
      set = unionOf(set, new Map([[source, [parseInterval(interval, text)]]]));
  }
  return set;
}

/** Exactly one transaction: `uuid:5`, or `0-1-57`. Throws `usage`. */
export function parseGtid(text: string): Gtid {
  if (MARIADB_GTID.test(text)) return parseMariadbGtid(text);
  const [entry, ...others] = [...parseGtidSet(text)];
  const interval = entry?.[1][0];
  if (entry === undefined || interval === undefined || others.length > 0 || countOf(new Map([entry])) !== 1) {
    throw notASet(text);
  }
  return { source: entry[0], number: interval.first };
}

/** Not of a copy of MariaDB without a log, whose position is one in a file. */
export function isGtidSet(text: string): boolean {
  try {
    return parseGtidSet(text) !== NO_GTIDS;
  } catch (error) {
    if (error instanceof OmpayError) return false;
    throw error;
  }
}

function parseMariadbGtid(text: string): Gtid {
  const [, source = '', server, number] = MARIADB_GTID.exec(text) ?? [];
  if (!Number.isSafeInteger(Number(number)) || Number(number) < 1) throw notASet(text);
  return { source: String(Number(source)), number: Number(number), server: Number(server) };
}

function parseInterval(text: string, whole: string): GtidInterval {
  const [, begin, end = begin] = INTERVAL.exec(text) ?? [];
  const [first, last] = [Number(begin), Number(end)];
  if (begin === undefined || first < 1 || last < first || !Number.isSafeInteger(last)) throw notASet(whole);
  return { first, last };
}

function notASet(text: string): OmpayError {
  return new OmpayError('usage', `\`${text.slice(0, 200)}\` is no GTID or set of GTIDs that is known here`, {
    hint: 'write it as MySQL does: 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7 (tagged GTIDs are not known); of MariaDB: 0-1-57',
  });
}

/** In MySQL's own form and order, or MariaDB's; what lacks a beginning, which no position of MariaDB does, as `0-1-(5..7)`. */
export function gtidSetText(set: GtidSet): string {
  return [...set]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([source, intervals]) => sourceText(source, intervals))
    .join(',');
}

export function gtidText({ source, number, server }: Gtid): string {
  return server === undefined ? `${source}:${number}` : `${source}-${server}-${number}`;
}

function sourceText(source: string, intervals: readonly GtidInterval[]): string {
  if (UUID.test(source)) return [source, ...intervals.map(intervalText)].join(':');
  return intervals
    .map(
      ({ first, last, server = '?' }) => `${source}-${server}-${first === 1 ? last : `(${first}..${last})`}`,
    )
    .join(',');
}

function intervalText({ first, last }: GtidInterval): string {
  return first === last ? `${first}` : `${first}-${last}`;
}

export function setOf({ source, number, server }: Gtid): GtidSet {
  const interval =
    server === undefined ? { first: number, last: number } : { first: 1, last: number, server };
  return new Map([[source, [interval]]]);
}

export function unionOf(a: GtidSet, b: GtidSet): GtidSet {
  const union = new Map(a);
  for (const [source, intervals] of b)
    union.set(source, merged([...(union.get(source) ?? []), ...intervals]));
  return union;
}

/** Quick for the usual case: the number right after the last. */
export function withGtid(set: GtidSet, gtid: Gtid): GtidSet {
  return hasGtid(set, gtid) ? set : unionOf(set, setOf(gtid));
}

export function hasGtid(set: GtidSet, { source, number }: Gtid): boolean {
  return set.get(source)?.some(({ first, last }) => first <= number && number <= last) ?? false;
}

/** What is in `a` and not in `b`. */
export function differenceOf(a: GtidSet, b: GtidSet): GtidSet {
  const difference = new Map<string, readonly GtidInterval[]>();
  for (const [source, intervals] of a) {
    const left = intervals.flatMap((interval) => without(interval, b.get(source) ?? []));
    if (left.length > 0) difference.set(source, left);
  }
  return difference;
}

export function contains(whole: GtidSet, part: GtidSet): boolean {
  return differenceOf(part, whole).size === 0;
}

export function areEqual(a: GtidSet, b: GtidSet): boolean {
  return contains(a, b) && contains(b, a) && areOfSameServers(a, b);
}

/** MariaDB: the same number of a domain may be another server's transaction. */
function areOfSameServers(a: GtidSet, b: GtidSet): boolean {
  return [...a].every(([source, intervals]) => intervals.at(-1)?.server === b.get(source)?.at(-1)?.server);
}

/** How many transactions. */
export function countOf(set: GtidSet): number {
  let count = 0;
  for (const intervals of set.values()) {
    for (const { first, last } of intervals) count += last - first + 1;
  }
  return count;
}

function merged(intervals: readonly GtidInterval[]): readonly GtidInterval[] {
  const result: GtidInterval[] = [];
  for (const next of intervals.toSorted((a, b) => a.first - b.first)) {
    const before = result.at(-1);
    if (before === undefined || next.first > before.last + 1) result.push(next);
    else if (next.last > before.last) result[result.length - 1] = { ...next, first: before.first };
  }
  return result;
}

/** What of one interval no hole covers; the holes ascend. */
function without(
  { first, last, ...of }: GtidInterval,
  holes: readonly GtidInterval[],
): readonly GtidInterval[] {
  const left: GtidInterval[] = [];
  let next = first;
  for (const hole of holes) {
    if (hole.last < next) continue;
    if (hole.first > last) break;
    if (hole.first > next) left.push({ first: next, last: hole.first - 1 });
    next = hole.last + 1;
  }
  if (next <= last) left.push({ ...of, first: next, last });
  return left;
}
