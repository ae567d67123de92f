import assert from 'node:assert/strict';
import { commitBatch } from '../../src/api/ledger/commit.ts';
import type { LedgerParts } from '../../src/api/ledger/ledger.ts';
import { createRuleBook } from '../../src/api/ledger/rules.ts';
import type { Ledger } from '../../src/api/ledger/types.ts';

/** The design to compare with: each request is a transaction of its own, with the same statements and the same rules. */
export function createLedger(parts: LedgerParts): Ledger {
  const commit = { ...parts, readRules: createRuleBook(parts.db, parts.clock) };
  return {
    post: async (request) => {
      const { decided } = await commitBatch(commit, [request]);
      const [only] = decided;
      assert(only !== undefined, 'a batch of one decides one');
      return only.result;
    },
    close: async () => {},
  };
}
