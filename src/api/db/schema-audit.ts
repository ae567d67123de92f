/** Tables of what vouches for the others; src/api/migrations/0004-audit.ts makes them. */

/**
 * What the ledger's chain covers of a transfer's description. The chain holds the digest alone; the salt stands here so
 * that it can be erased with the description, after which the digest tells nothing of it.
 */
export interface DescriptionSealRow {
  /** The transfer's. */
  chain_seq: number;
  /** 32 hex characters; null once the description is erased. */
  salt: string | null;
  /** SHA-256 hex of salt and description. */
  digest: string;
}

/** What happened beside the transfers; appended by `writeAudit` alone. Ids, never a phone number or its hash. */
export interface AuditEventRow {
  /** Place in the audit trail's chain: 1, 2, 3 … without a gap. */
  seq: number;
  at_ms: number;
  /** `login.refused` and so on (src/api/audit/event.ts). */
  action: string;
  /** The user who acted; null for staff, the house, and who is not known. */
  actor_id: string | null;
  /** Who of the staff; null for everyone else. */
  staff: string | null;
  /** What it was done to: the id of a user, an account, an operation or a transfer. */
  subject_id: string | null;
  /** JSON, one flat object. */
  detail: string;
  /** SHA-256 hex over the hash before and this row. */
  chain_hash: string;
}

/** One row (id 1). Whoever locks it locks nothing else any more, so it dead-locks with nothing. */
export interface AuditHeadRow {
  id: number;
  seq: number;
  chain_hash: string;
}

/** A figure that a text of law or a policy gives, with where it comes from. */
export interface LegalFigureRow {
  /** `limit.identified.max_balance`, `retention.records_years` … */
  name: string;
  /** Null is no limit. */
  value: number | null;
  unit: string;
  /** The text: its issuer, number and date. */
  instrument: string;
  article: string | null;
  /** yyyy-mm-dd from which the text applies. */
  effective_on: string;
  sureness: 'high' | 'medium' | 'low';
  note: string;
}
