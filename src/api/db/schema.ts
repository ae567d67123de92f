import type { AuditEventRow, AuditHeadRow, DescriptionSealRow, LegalFigureRow } from './schema-audit.ts';

export type { AuditEventRow, AuditHeadRow, DescriptionSealRow, LegalFigureRow };

/**
 * The tables, as Kysely sees them; `src/api/migrations` makes them. The same on every database.
 *
 * Times are milliseconds since the Unix epoch in BIGINT columns (`…_at_ms`): no server's time zone, precision or
 * driver conversion can change them. Money is whole francs (XOF) in BIGINT. Ids are UUIDv7 text.
 */
export interface Schema {
  users: UserRow;
  accounts: AccountRow;
  transfers: TransferRow;
  entries: EntryRow;
  idempotency_keys: IdempotencyKeyRow;
  ledger_head: LedgerHeadRow;
  usage_counters: UsageCounterRow;
  holds: HoldRow;
  reversals: ReversalRow;
  limit_rules: LimitRuleRow;
  fee_rules: FeeRuleRow;
  sessions: SessionRow;
  otps: OtpRow;
  attempt_counters: AttemptCounterRow;
  outbox: OutboxRow;
  pins: PinRow;
  qr_codes: QrCodeRow;
  transfer_claims: TransferClaimRow;
  description_seals: DescriptionSealRow;
  audit_events: AuditEventRow;
  audit_head: AuditHeadRow;
  legal_figures: LegalFigureRow;
  ompay_migrations: MigrationRow;
  ompay_migration_lock: MigrationLockRow;
}

export type UserStatus = 'pending_verification' | 'active' | 'suspended';
/** Decides limits: `probe` is for the accounts that smoke tests keep, `staff` for distributors. */
export type KycLevel = 'unidentified' | 'identified' | 'probe' | 'staff';
export type AccountKind = 'customer' | 'merchant' | 'distributor' | 'fees' | 'issuance' | 'suspense';
export type TransferType = 'depot' | 'retrait' | 'transfert' | 'paiement' | 'approvisionnement';
export type TransferStatus = 'reussi' | 'en_attente' | 'annule' | 'echoue';

export interface UserRow {
  id: string;
  nom: string;
  prenom: string;
  /** E.164, for example +221771234567; unique. */
  telephone: string;
  password_hash: string;
  /** National id card; unique; null for staff. */
  cni: string | null;
  sexe: string | null;
  /** yyyy-mm-dd */
  date_naissance: string | null;
  status: UserStatus;
  kyc_level: KycLevel;
  created_at_ms: number;
}

export interface AccountRow {
  id: string;
  /** Null for the house's own accounts (fees, issuance, suspense). */
  user_id: string | null;
  /** `OM` + 8 digits; unique. */
  numero: string;
  kind: AccountKind;
  /** `MCH` + 6 alphanumerics; unique; merchants only. */
  code_marchand: string | null;
  /** XOF. Negative only where kind is `issuance` (the other side of the money in circulation). */
  balance: number;
  /** XOF reserved by pending operations; CHECK (balance - held >= 0) except for `issuance`. */
  held: number;
  created_at_ms: number;
}

export interface TransferRow {
  id: string;
  /** `TXN` + yyyymmddhhmmss + random; unique. */
  reference: string;
  type: TransferType;
  status: TransferStatus;
  debit_account_id: string;
  credit_account_id: string;
  /** XOF moved from debit to credit, without the fee; > 0. */
  amount: number;
  /** XOF paid by the debited account on top; >= 0. */
  fee: number;
  description: string | null;
  /** The user who asked; null for the house. */
  initiator_id: string | null;
  created_at_ms: number;
  /** Place in the ledger's hash chain: 1, 2, 3 … without a gap; unique. */
  chain_seq: number;
  /** SHA-256 hex over the hash before and this transfer with its entries. */
  chain_hash: string;
}

export interface EntryRow {
  transfer_id: string;
  /** 0, 1, 2 … within its transfer. */
  line: number;
  account_id: string;
  /** XOF, signed: credit > 0, debit < 0. The entries of a transfer sum to zero. */
  amount: number;
  balance_after: number;
  /** The transfer's chain_seq: orders an account's entries. */
  chain_seq: number;
  created_at_ms: number;
}

export interface IdempotencyKeyRow {
  /** The user whose key it is: two users may choose the same key. */
  owner_id: string;
  idempotency_key: string;
  /** SHA-256 hex of method, route and canonical body. */
  fingerprint: string;
  status_code: number;
  /** The answer's exact bytes, given again to a repeat. */
  body: string;
  transfer_id: string | null;
  created_at_ms: number;
}

/** One row (id 1): locking it serialises the writers of every process. */
export interface LedgerHeadRow {
  id: number;
  chain_seq: number;
  chain_hash: string;
}

export interface UsageCounterRow {
  account_id: string;
  /** `d:2026-11-22` or `m:2026-11` (Dakar is UTC all year). */
  period: string;
  direction: 'in' | 'out';
  /** XOF moved in that period. */
  amount: number;
}

/**
 * An operation that a customer opened and a distributor confirms. Its row leaves `en_attente` once: to `reussi` (posted),
 * `annule` (voided) or `echoue` (expired); a trigger refuses any change after that, and any deletion.
 */
export interface HoldRow {
  id: string;
  /** Unique; the transfer that it becomes has the same. */
  reference: string;
  type: 'depot' | 'retrait';
  /** The customer's account. */
  account_id: string;
  /** XOF, without the fee. */
  amount: number;
  /** XOF, fixed when the operation was opened. */
  fee: number;
  /** XOF reserved in accounts.held while pending: amount + fee of a withdrawal, 0 of a deposit. */
  held: number;
  status: TransferStatus;
  /** HMAC-SHA256 hex of the code with the account's id and a key outside the database. */
  code_hmac: string;
  /** Wrong codes so far. */
  tries: number;
  expires_at_ms: number;
  /** Once posted. */
  transfer_id: string | null;
  /** 0 while pending. */
  resolved_at_ms: number;
  created_at_ms: number;
  description: string | null;
  /** The newest transfer's chain_seq when it was opened: its place in the account's history. */
  opened_seq: number;
}

/** A transfer that staff undid by another; a transfer is undone at most once, and an undoing never. */
export interface ReversalRow {
  /** The transfer that gives the money back; unique. */
  transfer_id: string;
  /** The transfer that is undone; unique. */
  reverses_id: string;
  reason: string;
  /** Who decided. */
  reversed_by: string;
  created_at_ms: number;
}

/** Limits are data: one row a KYC level. XOF; null is no limit. */
export interface LimitRuleRow {
  kyc_level: KycLevel;
  max_balance: number | null;
  daily_out: number | null;
  monthly_out: number | null;
  monthly_in: number | null;
  otp_requests_per_hour: number;
  /** The legal text or policy that the figures come from, with its date. */
  source: string;
}

export interface FeeRuleRow {
  type: TransferType;
  /** Parts per million of the amount: 8000 is 0.8 %. Rounded half up to the franc. */
  rate_ppm: number;
  source: string;
}

export interface SessionRow {
  /** SHA-256 hex of the token; the token itself is never stored. */
  token_hash: string;
  user_id: string;
  kind: 'access' | 'refresh';
  created_at_ms: number;
  expires_at_ms: number;
  /** 0 while good. */
  revoked_at_ms: number;
}

/** At most one live code a user. */
export interface OtpRow {
  user_id: string;
  /** HMAC-SHA256 hex of the code with the user's id and a key outside the database. */
  code_hmac: string;
  expires_at_ms: number;
  /** Wrong tries so far, counted before the comparison. */
  tries: number;
}

/** Durable counters of a window, for what must survive a restart (wrong passwords, OTP requests). */
export interface AttemptCounterRow {
  counter_key: string;
  window_start_ms: number;
  count: number;
}

export interface OutboxRow {
  id: string;
  channel: 'sms' | 'mail';
  recipient: string;
  /** AES-256-GCM, base64, under a key outside the database: it may hold an OTP. */
  body_encrypted: string;
  created_at_ms: number;
  available_at_ms: number;
  attempts: number;
  /** 0 until delivered. */
  delivered_at_ms: number;
}

/** A user without a row has no PIN. */
export interface PinRow {
  user_id: string;
  /** 32 hex characters. */
  salt: string;
  /** HMAC-SHA256 hex of the PIN with the salt and a key outside the database. */
  pin_hmac: string;
  created_at_ms: number;
  changed_at_ms: number;
  /** Which application key it is under; null where a release before migration 0004 wrote it. */
  key_id: string | null;
}

/** A merchant's request to be paid; written once, and used up by a row of `transfer_claims`. */
export interface QrCodeRow {
  /** `QR` + 20 characters. */
  code: string;
  /** The merchant's account. */
  account_id: string;
  /** XOF; null leaves it to the payer. */
  amount: number | null;
  expires_at_ms: number;
  created_at_ms: number;
}

/** What a transfer used up, written in its transaction: of two transfers with one claim, one is kept. */
export interface TransferClaimRow {
  /** `qr:` and the code. */
  claim: string;
  transfer_id: string;
  created_at_ms: number;
}

export interface MigrationRow {
  /** `0001`, `0002` … */
  id: string;
  name: string;
  phase: 'expand' | 'contract';
  applied_at_ms: number;
}

export interface MigrationLockRow {
  id: number;
  /** Empty when free. */
  owner: string;
  expires_at_ms: number;
}
