import { isoTime } from '../core/clock.ts';

/** How many backups are kept: the newest, and the newest of each day, week, month and year that has one. */
export interface Retention {
  /** At least 1. */
  readonly last: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
}

export interface Dated {
  readonly id: string;
  /** ISO 8601 */
  readonly startedAt: string;
}

interface Rule {
  readonly count: number;
  readonly period: (startedAt: string) => string;
  readonly shown: (period: string) => string;
}

const DAY_MS = 86_400_000;

/**
 * Pure. Why each backup is kept, by its id; what is not in it is kept by no rule. A period without a backup is passed
 * over, so `daily: 7` keeps seven days that have one, however long ago (restic's and pgBackRest's rule).
 * @param newestFirst in that order.
 */
export function keptBy(newestFirst: readonly Dated[], retention: Retention): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  const last = Math.max(1, retention.last);
  for (const { id } of newestFirst.slice(0, last)) reasons.set(id, `one of the newest ${last}`);
  for (const rule of rulesOf(retention)) {
    for (const [period, [newest]] of [
      ...Map.groupBy(newestFirst, (each) => rule.period(each.startedAt)),
    ].slice(0, rule.count)) {
      if (newest !== undefined && !reasons.has(newest.id)) reasons.set(newest.id, rule.shown(period));
    }
  }
  return reasons;
}

function rulesOf({ daily, weekly, monthly, yearly }: Retention): readonly Rule[] {
  return [
    { count: daily, period: (at) => at.slice(0, 10), shown: (day) => `the newest of ${day}` },
    { count: weekly, period: mondayOf, shown: (monday) => `the newest of the week from ${monday}` },
    { count: monthly, period: (at) => at.slice(0, 7), shown: (month) => `the newest of ${month}` },
    { count: yearly, period: (at) => at.slice(0, 4), shown: (year) => `the newest of ${year}` },
  ];
}

/** The day (UTC) on which a moment's ISO week begins. 1970-01-01 was a Thursday: three days after a Monday. */
function mondayOf(at: string): string {
  const days = Math.floor(Date.parse(at) / DAY_MS);
  const monday = days - ((days + 3) % 7);
  return isoTime(monday * DAY_MS).slice(0, 10);
}
