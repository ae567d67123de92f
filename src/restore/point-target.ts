import { OmpayError } from '../core/errors.ts';
import { parseGtid } from '../engine/mysql/gtid-set.ts';
import type { ReplayTarget } from '../engine/mysql/replay/target.ts';

const GTID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:|^\d{1,10}-\d{1,10}-\d{1,16}$/i;
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/;

/** `latest`, a GTID, or a time with its zone, to the microsecond. Throws `usage`. */
export function parseTarget(text: string): ReplayTarget {
  if (text === 'latest') return { kind: 'latest' };
  if (GTID.test(text)) return { kind: 'gtid', gtid: parseGtid(text) };
  const [, minute, fraction = '', zone] = TIME.exec(text) ?? [];
  const wholeMs = Date.parse(`${minute}${zone}`);
  if (Number.isNaN(wholeMs)) throw notATarget(text);
  return { kind: 'time', atMs: wholeMs + Number(fraction.padEnd(6, '0')) / 1000 };
}

function notATarget(text: string): OmpayError {
  return new OmpayError('usage', `--to is ${JSON.stringify(text)}: no GTID, and no time with its zone`, {
    hint: 'ompay restore --to latest | 2026-11-22T17:05:08.123456Z | 3e11fa47-71ca-11e1-9e33-c80aa9429562:23 | 0-1-57',
  });
}

/** `2026-11-22T17:05:08.123456Z`: two transactions may well be in one millisecond. */
export function microTime(epochMs: number): string {
  const micros = Math.round(epochMs * 1000);
  const iso = new Date(Math.floor(micros / 1000)).toISOString();
  return iso.replace('Z', `${String(micros % 1000).padStart(3, '0')}Z`);
}
