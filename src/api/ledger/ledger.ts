import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import type { Database } from '../db/open.ts';
import { commitBatch } from './commit.ts';
import { keyName } from './plan.ts';
import type { LedgerRequest } from './requests.ts';
import { createRuleBook } from './rules.ts';
import type { Ledger, PostResult } from './types.ts';

export interface LedgerParts {
  readonly db: Database;
  readonly clock: Clock;
  /** Encrypts a message's body for the outbox. */
  readonly sealMessage: (body: string) => string;
  /** After each batch that was committed; for metrics. */
  readonly onBatch: (batch: CommittedBatch) => void;
  /** Each error that callers are given, once a batch; for the log. */
  readonly onError: (error: unknown) => void;
}

export interface CommittedBatch {
  readonly requests: number;
  readonly durationMs: number;
}

const LARGEST_BATCH = 256;
/** Seconds of work on the slowest database; more would only wait in vain. */
const MOST_WAITING = 8_192;

type Waiting = LedgerRequest & {
  readonly resolve: (result: PostResult) => void;
  readonly reject: (error: unknown) => void;
};

/** One worker takes what waits, up to 256 requests, and commits it together: the busier, the larger the batches. */
export function createLedger(parts: LedgerParts): Ledger {
  const commit = { ...parts, readRules: createRuleBook(parts.db, parts.clock) };
  const queue: Waiting[] = [];
  const running = new Map<string, string>();
  let working: Promise<void> | undefined;
  let closed = false;

  const settle = async (batch: readonly Waiting[]): Promise<void> => {
    const startedMs = parts.clock.monotonicMs();
    try {
      const { decided } = await commitBatch(commit, batch);
      parts.onBatch({ requests: batch.length, durationMs: parts.clock.monotonicMs() - startedMs });
      for (const { request, result } of decided) request.resolve(result);
    } catch (error) {
      parts.onError(error);
      await settleApart(batch, error);
    }
  };

  /** What the database refused may be one request's fault, so each is tried alone; an absent database fails them all. */
  const settleApart = async (batch: readonly Waiting[], error: unknown): Promise<void> => {
    if (batch.length === 1 || error instanceof OmpayError) {
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const waiting of batch) await settle([waiting]);
  };

  const work = async (): Promise<void> => {
    while (queue.length > 0) {
      // Requests that the event loop reads in the same turn go together.
      await turn();
      await settle(queue.splice(0, LARGEST_BATCH));
    }
    working = undefined;
  };

  const enqueue = (request: LedgerRequest): Promise<PostResult> => {
    if (closed || queue.length >= MOST_WAITING) throw busy(queue.length);
    const { promise, resolve, reject } = Promise.withResolvers<PostResult>();
    queue.push({ ...request, resolve, reject });
    working ??= work();
    return promise;
  };

  return {
    post: async (request) => {
      if ('amountXof' in request) assertWhole(request.amountXof);
      const { idempotency } = request;
      if (idempotency === null) return enqueue(request);
      const name = keyName(idempotency.ownerId, idempotency.key);
      const fingerprint = running.get(name);
      if (fingerprint !== undefined) {
        return { kind: fingerprint === idempotency.fingerprint ? 'inProgress' : 'keyReused' };
      }
      running.set(name, idempotency.fingerprint);
      try {
        return await enqueue(request);
      } finally {
        running.delete(name);
      }
    },
    close: async () => {
      closed = true;
      await working;
    },
  };
}

function assertWhole(amountXof: number): void {
  assert(Number.isSafeInteger(amountXof) && amountXof > 0, 'an amount is a positive whole number of XOF');
}

function busy(waiting: number): OmpayError {
  return new OmpayError('databaseUnavailable', `the ledger takes no more requests: ${waiting} wait`, {
    hint: 'ask again in a few seconds',
  });
}
