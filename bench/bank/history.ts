/** What the clients of a run asked and were told, and what they could see meanwhile; the checker judges it. */

export type OperationKind =
  | 'transfer'
  | 'payment'
  | 'deposit'
  | 'withdrawal'
  /** A customer's own withdrawal or deposit, pending. */
  | 'open'
  /** A distributor's confirmation of it. */
  | 'confirm'
  | 'cancel';

/** One wish of a client, under one Idempotency-Key however often it is asked. */
export interface Operation {
  readonly kind: OperationKind;
  readonly key: string;
  /** Account ids; empty where no money moves. */
  readonly debitAccountId: string;
  readonly creditAccountId: string;
  /** XOF that the transfer must have; 0 where none is made. */
  readonly amountXof: number;
  /** The reference of the operation that is confirmed or cancelled. */
  readonly of?: string | undefined;
  /** Every answer that settles it, in the order of arrival: all must be the same. */
  readonly answers: Answer[];
  /** How often it was asked and the outcome stayed unknown: no answer, 5xx, 409 while another works on it. */
  unknowns: number;
}

export interface Answer {
  readonly status: number;
  /** The exact bytes, as text. */
  readonly body: string;
  /** Of a success. */
  readonly reference: string | undefined;
  /** XOF paid on top by the debited account. */
  readonly feeXof: number;
}

/** One moment's view of the whole ledger, read in one transaction. */
export interface Snapshot {
  /** XOF: all accounts, issuance too. */
  readonly totalXof: number;
  /** XOF of the accounts other than issuance. */
  readonly circulatingXof: number;
  /** XOF: the least that an account other than issuance can spend. */
  readonly leastXof: number;
  /** Accounts of the run whose balance is not the sum of their entries. */
  readonly torn: number;
}

export interface FundsRow {
  readonly accountId: string;
  readonly balanceXof: number;
  readonly heldXof: number;
}

export interface TransferSeen {
  readonly reference: string;
  readonly debitAccountId: string;
  readonly creditAccountId: string;
  readonly amountXof: number;
  readonly feeXof: number;
}

export interface HoldSeen {
  readonly reference: string;
  readonly status: string;
  /** XOF. */
  readonly heldXof: number;
  readonly accountId: string;
}

/** Everything that is known of one run once all is healed and every key has been asked for its answer. */
export interface History {
  readonly operations: readonly Operation[];
  readonly snapshots: readonly Snapshot[];
  /** XOF in circulation from the first snapshot to the last. */
  readonly circulatingXof: number;
  readonly before: readonly FundsRow[];
  readonly after: readonly FundsRow[];
  /** Of the run's accounts, without what funded them. */
  readonly transfers: readonly TransferSeen[];
  readonly holds: readonly HoldSeen[];
}
