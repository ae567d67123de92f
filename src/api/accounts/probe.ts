import { isoTime } from '../../core/clock.ts';
import { Secret } from '../../core/secret.ts';
import { forgetPhones } from '../auth/attempts.ts';
import { type ApplicationKeys, deriveKey, deriveRing } from '../auth/keys.ts';
import type { AccountKind } from '../db/schema.ts';
import type { Holder } from './holders.ts';
import { nationalNumber } from './phone.ts';
import { ensureHolder, type StaffTools, supplyFloat } from './staff.ts';

/** Kept for smoke tests: 70 000 00 0x was never given to a subscriber by OMPAY. */
const PHONES = {
  sender: '+221700000001',
  receiver: '+221700000002',
  distributor: '+221700000003',
} as const;

const FLOAT_XOF = 10_000_000;
/** Below it, the day's first call supplies another float. */
const LEAST_FLOAT_XOF = 1_000_000;

export interface ProbeAccounts {
  /** Nine digits each. */
  readonly phones: { readonly sender: string; readonly receiver: string; readonly distributor: string };
  /** The same for all three. */
  readonly password: Secret;
}

/**
 * Two customers and a distributor with a float, active, for the smoke tests of deployments. Their password is derived
 * from APP_KEY, so nothing secret is kept; after a change of APP_KEY theirs is set anew. Their attempt
 * counters are forgotten: the numbers are public, and wrong passwords of anybody would lock every deployment out. What a
 * killed smoke test left pending is voided: five such would be too many.
 * Called before every smoke test.
 */
export async function ensureProbeAccounts(
  tools: StaffTools & { readonly application: ApplicationKeys },
): Promise<ProbeAccounts> {
  const password = deriveKey(tools.application.key, 'probe-password').toString('base64url');
  const sender = await ensureProbe(tools, { telephone: PHONES.sender, kind: 'customer', password });
  await ensureProbe(tools, { telephone: PHONES.receiver, kind: 'customer', password });
  const distributor = await ensureProbe(tools, {
    telephone: PHONES.distributor,
    kind: 'distributor',
    password,
  });
  await supplyWhenLow(tools, distributor.account.id);
  await voidPending(tools, sender.account.id);
  await forgetPhones(tools.database, deriveRing(tools.application, 'attempts'), Object.values(PHONES));
  return {
    phones: {
      sender: nationalNumber(PHONES.sender),
      receiver: nationalNumber(PHONES.receiver),
      distributor: nationalNumber(PHONES.distributor),
    },
    password: new Secret(password),
  };
}

async function ensureProbe(
  tools: StaffTools,
  probe: { readonly telephone: string; readonly kind: AccountKind; readonly password: string },
): Promise<Holder> {
  const { holder } = await ensureHolder(tools, {
    user: {
      nom: 'Sonde',
      prenom: probe.kind,
      telephone: probe.telephone,
      cni: null,
      sexe: null,
      date_naissance: null,
      status: 'active',
      kyc_level: 'probe',
    },
    password: probe.password,
    kind: probe.kind,
  });
  await ensurePassword(tools, holder.user.id, probe.password);
  return holder;
}

async function ensurePassword(tools: StaffTools, userId: string, password: string): Promise<void> {
  const { kysely } = tools.database;
  const { password_hash } = await kysely
    .selectFrom('users')
    .select('password_hash')
    .where('id', '=', userId)
    .executeTakeFirstOrThrow();
  if (await tools.passwords.verify(password, password_hash)) return;
  const replaced = await tools.passwords.hash(password);
  await kysely.updateTable('users').set({ password_hash: replaced }).where('id', '=', userId).execute();
}

async function supplyWhenLow(tools: StaffTools, accountId: string): Promise<void> {
  const { balance } = await tools.database.kysely
    .selectFrom('accounts')
    .select('balance')
    .where('id', '=', accountId)
    .executeTakeFirstOrThrow();
  if (balance >= LEAST_FLOAT_XOF) return;
  const day = isoTime(tools.clock.now()).slice(0, 10);
  await supplyFloat(tools.ledger, { accountId, amountXof: FLOAT_XOF, key: `probe:${day}` });
}

/** A rollback may come before the migration that makes the table. */
async function voidPending({ database, ledger }: StaffTools, accountId: string): Promise<void> {
  const { kysely, dialect } = database;
  if (!(await dialect.hasTable(kysely, 'audit_events'))) return;
  const pending = await kysely
    .selectFrom('holds')
    .select('id')
    .where('account_id', '=', accountId)
    .where('status', '=', 'en_attente')
    .execute();
  await Promise.all(
    pending.map(({ id: holdId }) =>
      ledger.post({
        operation: 'void',
        holdId,
        accountId,
        idempotency: null,
        messages: () => [],
        answer: ({ kind }) => ({ statusCode: 200, body: kind }),
      }),
    ),
  );
}
