import { migration0001 } from './0001-ledger.ts';
import { migration0002 } from './0002-holds.ts';
import { migration0003 } from './0003-pins-and-qr.ts';
import { migration0004 } from './0004-audit.ts';
import type { Migration } from './kit.ts';

/** Every migration, in order. A new one is a file and a line. */
export const MIGRATIONS: readonly Migration[] = [migration0001, migration0002, migration0003, migration0004];
