import type { TransferType } from '../db/schema.ts';
import type { AnyOutcome, LedgerRequest } from './requests.ts';

/** One movement of money that a route asks for. Accounts are ids, resolved beforehand (they never change). */
export interface PostRequest {
  /** Other requests to the ledger say what they ask for (requests.ts). */
  readonly operation?: undefined;
  readonly type: TransferType;
  readonly debitAccountId: string;
  readonly creditAccountId: string;
  readonly amountXof: number;
  readonly description: string | null;
  readonly initiatorId: string | null;
  readonly idempotency: IdempotencyRequest | null;
  /** What the transfer uses up, at most 64 ASCII characters: of all requests with the same claim, one moves money. */
  readonly claim?: string | undefined;
  /** Messages for the outbox, written in the transfer's own transaction. */
  readonly messages: (posted: PostedTransfer) => readonly OutgoingMessage[];
  /** The answer's exact bytes; stored under the idempotency key in the transfer's own transaction. Pure. */
  readonly answer: (outcome: Outcome) => StoredAnswer;
}

export interface IdempotencyRequest {
  readonly ownerId: string;
  readonly key: string;
  readonly fingerprint: string;
}

export interface OutgoingMessage {
  readonly channel: 'sms' | 'mail';
  readonly recipient: string;
  readonly body: string;
}

export interface PostedTransfer {
  readonly id: string;
  readonly reference: string;
  readonly type: TransferType;
  readonly amountXof: number;
  readonly feeXof: number;
  readonly description: string | null;
  readonly debitAccountId: string;
  readonly creditAccountId: string;
  /** Of the balances after it, what pending operations do not hold: what people are told. */
  readonly debitAvailableXof: number;
  readonly creditAvailableXof: number;
  readonly createdAtMs: number;
}

/** Why money did not move: each is an answer for the client, not an exception. */
export type Refusal =
  | { readonly reason: 'insufficientFunds'; readonly availableXof: number; readonly neededXof: number }
  | { readonly reason: 'accountNotFound'; readonly accountId: string }
  | { readonly reason: 'sameAccount' }
  /** An earlier transfer has used up the request's claim. */
  | { readonly reason: 'claimTaken' }
  | { readonly reason: 'balanceCeiling'; readonly ceilingXof: number }
  | {
      readonly reason: 'periodCeiling';
      readonly period: 'day' | 'month';
      readonly direction: 'in' | 'out';
      readonly ceilingXof: number;
    };

/** The refusals of some reasons. */
export type RefusalOf<R extends Refusal['reason']> = Extract<Refusal, { readonly reason: R }>;

export type Outcome =
  | { readonly kind: 'posted'; readonly transfer: PostedTransfer }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export interface StoredAnswer {
  readonly statusCode: number;
  readonly body: string;
}

export type PostResult =
  | { readonly kind: 'done'; readonly outcome: AnyOutcome; readonly answer: StoredAnswer }
  /** The same key and fingerprint were answered before: these are the same bytes. */
  | { readonly kind: 'replayed'; readonly answer: StoredAnswer }
  /** The same key with another fingerprint. */
  | { readonly kind: 'keyReused' }
  /** The same key is being worked on now in this process. */
  | { readonly kind: 'inProgress' };

export interface Ledger {
  /**
   * Does once what is asked. Not retried by the caller without an idempotency key. Requests of the moment are committed
   * together (at most 256 under one transaction); a refusal of one never touches the others.
   * Throws when the outcome is unknown or the database is away; with a key, asking again resolves it.
   */
  post(request: LedgerRequest): Promise<PostResult>;
  /** Waits for what was accepted, then refuses new work. */
  close(): Promise<void>;
}
