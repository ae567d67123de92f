import type { TransferRow } from '../db/schema.ts';
import type { Hold, HoldType } from './hold.ts';
import type {
  IdempotencyRequest,
  Outcome,
  OutgoingMessage,
  PostedTransfer,
  PostRequest,
  Refusal,
  RefusalOf,
  StoredAnswer,
} from './types.ts';

/** Everything that the one writer of the ledger is asked: a movement of money, unless `operation` says otherwise. */
export type LedgerRequest = PostRequest | ReserveRequest | ConfirmRequest | ResolveRequest | ReverseRequest;

interface Asked<O> {
  readonly idempotency: IdempotencyRequest | null;
  /** Messages for the outbox, written in the operation's own transaction. */
  readonly messages: (outcome: O) => readonly OutgoingMessage[];
  /** The answer's exact bytes; stored under the idempotency key in the operation's own transaction. Pure. */
  readonly answer: (outcome: O) => StoredAnswer;
}

/** Opens an operation of a customer; a withdrawal holds amount and fee from now on. */
export interface ReserveRequest extends Asked<ReserveOutcome> {
  readonly operation: 'reserve';
  readonly type: HoldType;
  readonly accountId: string;
  readonly amountXof: number;
  readonly description: string | null;
  /** What is kept of a code: a keyed hash with the account's id. */
  readonly sealCode: (code: string) => string;
  /** The same under the other keys that are known: what else may stand for the code now. */
  readonly otherSeals?: (code: string) => readonly string[];
}

/** Posts the customer's pending operation that has this code, from or to the distributor. */
export interface ConfirmRequest extends Asked<ConfirmOutcome> {
  readonly operation: 'confirm';
  /** The customer's. */
  readonly accountId: string;
  /** The distributor's. */
  readonly counterpartyId: string;
  /** What `sealCode` makes of the code that was given. */
  readonly codeHmac: string;
  /** The same under the other keys that are known. */
  readonly otherCodeHmacs?: readonly string[];
  readonly initiatorId: string | null;
}

/** Voids a pending operation, or expires one whose time is over. */
export interface ResolveRequest extends Asked<ResolveOutcome> {
  readonly operation: 'void' | 'expire';
  readonly holdId: string;
  readonly accountId: string;
}

/** Undoes a transfer by another that gives amount and fee back. */
export interface ReverseRequest extends Asked<ReverseOutcome> {
  readonly operation: 'reverse';
  /** A row is never changed, so it may have been read at any time. */
  readonly original: TransferRow;
  readonly description: string;
  readonly reason: string;
  /** Who decided. */
  readonly by: string;
}

/** Why a movement that claims nothing is refused. */
export type MovementRefusal = Exclude<Refusal, { readonly reason: 'claimTaken' }>;

export interface Refused<R> {
  readonly kind: 'refused';
  readonly refusal: R;
}

export type ReserveOutcome =
  | { readonly kind: 'reserved'; readonly hold: Hold /** Six digits, kept nowhere. */; readonly code: string }
  | Refused<
      | RefusalOf<'accountNotFound' | 'insufficientFunds' | 'balanceCeiling' | 'periodCeiling'>
      | { readonly reason: 'tooManyHolds'; readonly most: number }
    >;

export type ConfirmOutcome =
  | { readonly kind: 'posted'; readonly transfer: PostedTransfer; readonly hold: Hold }
  /** No pending operation has this code; those that were voided by this last try. */
  | Refused<MovementRefusal | { readonly reason: 'codeInvalid'; readonly voided: readonly Hold[] }>;

export type ResolveOutcome =
  | { readonly kind: 'voided' | 'expired'; readonly hold: Hold }
  | Refused<
      | { readonly reason: 'holdNotFound' | 'holdNotDue' }
      | { readonly reason: 'holdNotPending'; readonly status: Hold['status'] }
    >;

export type ReverseOutcome =
  | { readonly kind: 'posted'; readonly transfer: PostedTransfer }
  | Refused<
      | MovementRefusal
      | { readonly reason: 'isReversal' }
      | { readonly reason: 'alreadyReversed'; readonly transferId: string }
    >;

export type AnyOutcome = Outcome | ReserveOutcome | ConfirmOutcome | ResolveOutcome | ReverseOutcome;
