import type { ProofCheck, ProofQuery } from '../../src/engine/proof.ts';

/** How many transfers the proven database has; the one that it replaces has two more. */
export const PROVEN = 3;

export const QUERIES: readonly ProofQuery[] = [
  { name: 'transfers', expect: 'grows', sql: 'select count(*) as "rows" from transfers' },
];

export const CHECKS: readonly ProofCheck[] = [
  { name: 'transfers', expect: 'grows', verdict: 'pass', why: '', copy: { rows: String(PROVEN) } },
];
