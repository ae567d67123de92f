/** What the audit trail tells of. A new one is a line. */
export type AuditAction =
  | 'user.registered'
  | 'user.activated'
  | 'otp.requested'
  | 'otp.refused'
  | 'login.succeeded'
  | 'login.refused'
  | 'session.refreshed'
  | 'session.reused'
  | 'session.ended'
  | 'pin.set'
  | 'pin.changed'
  | 'pin.refused'
  | 'money.refused'
  | 'hold.opened'
  | 'hold.posted'
  | 'hold.voided'
  | 'hold.expired'
  | 'transfer.reversed'
  | 'distributor.created'
  | 'customer.identified'
  | 'pin.forgotten'
  | 'rule.changed'
  | 'keys.prepared'
  | 'keys.rotated'
  | 'keys.undone'
  | 'keys.retired';

export type AuditDetail = Readonly<Record<string, string | number | boolean | null>>;

/** One event. Ids are random ones: no phone number, no hash of one, no name, nothing secret. */
export interface AuditEvent {
  readonly action: AuditAction;
  /** The user who acted. */
  readonly actorId?: string | null | undefined;
  /** Who of the staff acted, `user@host`. */
  readonly staff?: string | undefined;
  /** What it was done to. */
  readonly subjectId?: string | null | undefined;
  /** At most 1,000 characters as JSON. */
  readonly detail?: AuditDetail;
}
