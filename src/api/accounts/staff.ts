import type { Clock } from '../../core/clock.ts';
import { OmpayError } from '../../core/errors.ts';
import type { AuditAction } from '../audit/event.ts';
import { writeAudit } from '../audit/write.ts';
import type { PasswordHasher } from '../auth/passwords.ts';
import type { Database } from '../db/open.ts';
import type { AccountKind } from '../db/schema.ts';
import { HOUSE } from '../ledger/house.ts';
import type { Ledger } from '../ledger/types.ts';
import { type Holder, holderByPhone } from './holders.ts';
import { type NewUser, openAccount } from './open.ts';

/** What staff functions work with; the command line makes it, no HTTP route does. */
export interface StaffTools {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly passwords: PasswordHasher;
  readonly clock: Clock;
  /** Who acts, `user@host`: for the audit trail. */
  readonly staff: string;
}

/** The holder of a number, made with `kind` when the number is new. Throws `usage` when it has another kind. */
export async function ensureHolder(
  tools: StaffTools,
  wanted: {
    readonly user: Omit<NewUser, 'password_hash'>;
    readonly password: string;
    readonly kind: AccountKind;
    /** What the audit trail is told; nothing unless given. */
    readonly action?: AuditAction;
  },
): Promise<{ readonly holder: Holder; readonly created: boolean }> {
  const { database, passwords, clock } = tools;
  const { telephone } = wanted.user;
  const known = await holderByPhone(database.kysely, telephone);
  if (known !== undefined) return { holder: ofKind(known, wanted.kind), created: false };
  const user = { ...wanted.user, password_hash: await passwords.hash(wanted.password) };
  const now = clock.now();
  await database.transaction(async (trx) => {
    const opened = await openAccount(database.dialect, trx, { user, kind: wanted.kind, now });
    if (opened === undefined || wanted.action === undefined) return;
    const event = { action: wanted.action, staff: tools.staff, subjectId: opened.userId };
    await writeAudit(trx, database.dialect, [event], now);
  });
  // Whether this call or another process made it, the row is there now.
  const made = await holderByPhone(database.kysely, telephone);
  return { holder: ofKind(made, wanted.kind), created: true };
}

function ofKind(holder: Holder | undefined, kind: AccountKind): Holder {
  if (holder?.account.kind === kind) return holder;
  throw new OmpayError(
    'usage',
    `the phone number belongs to a ${holder?.account.kind} account, not a ${kind}`,
    {
      hint: 'choose a number that is not in use',
    },
  );
}

/** Moves money from issuance to a float, once for a key. Throws `internal` when the ledger refuses. */
export async function supplyFloat(
  ledger: Ledger,
  supply: { readonly accountId: string; readonly amountXof: number; readonly key: string },
): Promise<void> {
  const result = await ledger.post({
    type: 'approvisionnement',
    debitAccountId: HOUSE.issuance.id,
    creditAccountId: supply.accountId,
    amountXof: supply.amountXof,
    description: null,
    initiatorId: null,
    idempotency: { ownerId: HOUSE.issuance.id, key: supply.key, fingerprint: supply.key },
    messages: () => [],
    answer: (outcome) => ({ statusCode: outcome.kind === 'posted' ? 200 : 422, body: outcome.kind }),
  });
  const supplied = (result.kind === 'done' || result.kind === 'replayed') && result.answer.statusCode === 200;
  if (supplied) return;
  throw new OmpayError('internal', `the ledger did not supply the float: ${result.kind}`, {
    hint: 'see the state of the ledger: ompay status',
  });
}
