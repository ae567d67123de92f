import type { Kysely, Selectable } from 'kysely';
import type { AccountKind, KycLevel, Schema, UserStatus } from '../db/schema.ts';
import { nationalNumber } from './phone.ts';

/** A person or a business with its one account. */
export interface Holder {
  readonly user: {
    readonly id: string;
    readonly nom: string;
    readonly prenom: string;
    /** E.164. */
    readonly telephone: string;
    readonly status: UserStatus;
    readonly kycLevel: KycLevel;
  };
  readonly account: {
    readonly id: string;
    readonly numero: string;
    readonly kind: AccountKind;
    /** Merchants only. */
    readonly codeMarchand: string | null;
  };
}

/** The holders' columns; what a query adds to find them by goes beside. */
export function selectHolders(kysely: Kysely<Schema>) {
  return kysely
    .selectFrom('users')
    .innerJoin('accounts', 'accounts.user_id', 'users.id')
    .select([
      'users.id as user_id',
      'users.nom',
      'users.prenom',
      'users.telephone',
      'users.status',
      'users.kyc_level',
      'accounts.id as account_id',
      'accounts.numero',
      'accounts.kind',
      'accounts.code_marchand',
    ]);
}

type HolderRow = Pick<
  Selectable<Schema['users'] & Schema['accounts']>,
  'nom' | 'prenom' | 'telephone' | 'status' | 'kyc_level' | 'numero' | 'kind' | 'code_marchand'
> & { readonly user_id: string; readonly account_id: string };

export function holderOf(row: HolderRow): Holder {
  return {
    user: {
      id: row.user_id,
      nom: row.nom,
      prenom: row.prenom,
      telephone: row.telephone,
      status: row.status,
      kycLevel: row.kyc_level,
    },
    account: {
      id: row.account_id,
      numero: row.numero,
      kind: row.kind,
      codeMarchand: row.code_marchand,
    },
  };
}

/** Holders by phone number (E.164), one query for many. Unknown numbers are left out. */
export async function holdersByPhone(
  kysely: Kysely<Schema>,
  phones: readonly string[],
): Promise<Map<string, Holder>> {
  const rows = await selectHolders(kysely).where('users.telephone', 'in', phones).execute();
  return new Map(rows.map((row) => [row.telephone, holderOf(row)]));
}

/** Merchants by their codes, one query for many. Unknown codes are left out. */
export async function merchantsByCode(
  kysely: Kysely<Schema>,
  codes: readonly string[],
): Promise<Map<string, Holder>> {
  const rows = await selectHolders(kysely).where('accounts.code_marchand', 'in', codes).execute();
  return new Map(rows.map((row) => [String(row.code_marchand), holderOf(row)]));
}

export async function holderByPhone(kysely: Kysely<Schema>, phone: string): Promise<Holder | undefined> {
  return (await holdersByPhone(kysely, [phone])).get(phone);
}

/** Customers and merchants hold money of their own and can be sent some. */
export function isCustomer(holder: Holder): boolean {
  return holder.account.kind === 'customer' || holder.account.kind === 'merchant';
}

/** Whether money can be sent to it. */
export function mayReceive(holder: Holder | undefined): holder is Holder {
  return holder?.user.status === 'active' && isCustomer(holder);
}

/** One of the house's own, kept for the tests of deployments. */
export function isProbe({ user }: Holder): boolean {
  return user.kycLevel === 'probe';
}

/** The user as answers show it. */
export function userView(user: Holder['user']): Readonly<Record<string, string>> {
  const { id, nom, prenom, telephone, status } = user;
  return { id, nom, prenom, telephone: nationalNumber(telephone), status };
}
