import { migration0001 } from './0001-ledger.ts';
import type { Migration } from './kit.ts';

/** Every migration, in order. A new one is a file and a line. */
export const MIGRATIONS: readonly Migration[] = [migration0001];
