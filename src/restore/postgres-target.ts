import { OmpayError } from '../core/errors.ts';
import { parseLsn } from '../engine/pglite/control.ts';
import type { WalTarget } from '../engine/postgres/wal/target.ts';
import { parseTarget } from './point-target.ts';

const LSN = /^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/i;

export function isLsn(text: string): boolean {
  return LSN.test(text);
}

/** `latest`, an LSN, or a time with its zone, to the microsecond. Throws `usage`. */
export function parseWalTarget(text: string): WalTarget {
  if (isLsn(text)) return { kind: 'lsn', lsn: parseLsn(text) };
  const target = parseTarget(text);
  if (target.kind !== 'gtid') return target;
  throw new OmpayError('usage', `--to is ${JSON.stringify(text)}: a GTID, and PostgreSQL has none`, {
    hint: 'ompay restore --to latest | 2026-11-22T17:05:08.123456Z | 0/3000148',
  });
}
