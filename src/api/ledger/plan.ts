import type {
  EntryRow,
  IdempotencyKeyRow,
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
}

export interface BatchContext {
  readonly nowMs: number;
  readonly rules: Rules;
  readonly newTransferId: () => string;
  readonly newReference: () => string;
}

/** What is to be written, and each request's result once it is. */
export interface BatchPlan<R> {
  readonly decided: readonly { readonly request: R; readonly result: PostResult }[];
  readonly head: Head;
  readonly transfers: readonly TransferRow[];
  readonly entries: readonly EntryRow[];
  readonly keys: readonly IdempotencyKeyRow[];
  readonly claims: readonly TransferClaimRow[];
  readonly messages: readonly OutgoingMessage[];
  readonly usage: readonly UsageCounterRow[];
  /** XOF by account id; only accounts that changed. */
  readonly balances: ReadonlyMap<string, number>;
}

/** JSON, as either part may hold any character. */
export function keyName(ownerId: string, key: string): string {
  return JSON.stringify([ownerId, key]);
}
