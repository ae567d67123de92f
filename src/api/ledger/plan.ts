import type {
  DescriptionSealRow,
  EntryRow,
  HoldRow,
  IdempotencyKeyRow,
  ReversalRow,
  TransferClaimRow,
  TransferRow,
  UsageCounterRow,
} from '../db/schema.ts';
import type { AccountState } from './limits.ts';
import type { Rules } from './rules.ts';
import type { OutgoingMessage, PostResult } from './types.ts';

export interface Head {
  readonly chainSeq: number;
  readonly chainHash: string;
}

export interface StoredKey {
  readonly fingerprint: string;
  readonly statusCode: number;
  readonly body: string;
}

/** What the database held when its rows were locked. */
export interface BatchState {
  readonly head: Head;
  readonly accounts: ReadonlyMap<string, AccountState>;
  /** By `keyName`. */
  readonly keys: ReadonlyMap<string, StoredKey>;
  /** Of those asked for, the ones that are used up. */
  readonly claims: ReadonlySet<string>;
  /** Pending ones of the accounts that hold money or ask for operations, the oldest first; those named or to be undone. */
  readonly holds: readonly HoldRow[];
  /** Counters of other periods than the present ones, where something may be given back. */
  readonly pastUsage: readonly UsageCounterRow[];
  /** Those that undid, or were made by undoing, a transfer that is to be undone. */
  readonly reversals: readonly ReversalRow[];
}

export interface BatchContext {
  readonly nowMs: number;
  readonly rules: Rules;
  /** Of a transfer or a hold. */
  readonly newId: () => string;
  readonly newReference: () => string;
  readonly newHoldReference: () => string;
  /** Six digits. */
  readonly newCode: () => string;
  /** For the seal of a description (description.ts). */
  readonly newSalt: () => string;
}

/** What is to be written, and each request's result once it is. */
export interface BatchPlan<R> {
  readonly decided: readonly { readonly request: R; readonly result: PostResult }[];
  readonly head: Head;
  readonly transfers: readonly TransferRow[];
  readonly entries: readonly EntryRow[];
  /** Of the transfers' descriptions. */
  readonly seals: readonly DescriptionSealRow[];
  readonly keys: readonly IdempotencyKeyRow[];
  readonly claims: readonly TransferClaimRow[];
  readonly messages: readonly OutgoingMessage[];
  readonly usage: readonly UsageCounterRow[];
  readonly newHolds: readonly HoldRow[];
  readonly changedHolds: readonly HoldRow[];
  readonly reversals: readonly ReversalRow[];
  /** XOF by account id; only accounts that changed. */
  readonly balances: ReadonlyMap<string, number>;
  /** accounts.held, the same: what is given back, and what is held from now on. */
  readonly lowered: ReadonlyMap<string, number>;
  readonly raised: ReadonlyMap<string, number>;
}

/** JSON, as either part may hold any character. */
export function keyName(ownerId: string, key: string): string {
  return JSON.stringify([ownerId, key]);
}
