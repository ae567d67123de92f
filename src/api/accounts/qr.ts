import { isoTime } from '../../core/clock.ts';
import { crockford } from '../../core/ids.ts';
import type { Database } from '../db/open.ts';
import { type Holder, holderOf, mayReceive, selectHolders } from './holders.ts';

const LIFETIME_MS = 5 * 60_000;
/** 100 bits: a code cannot be guessed. */
const RANDOM_CHARACTERS = 20;

/** A merchant's request to be paid, once. */
export interface QrCode {
  readonly code: string;
  readonly merchant: Holder;
  /** XOF; null leaves it to the payer. */
  readonly amountXof: number | null;
  readonly expiresAtMs: number;
}

/** What a payment of it uses up in the ledger. */
export function claimOfQr(code: string): string {
  return `qr:${code}`;
}

export async function makeQr(
  database: Database,
  merchant: Holder,
  { amountXof, now }: { readonly amountXof: number | null; readonly now: number },
): Promise<QrCode> {
  const code = `QR${crockford(RANDOM_CHARACTERS)}`;
  const expiresAtMs = now + LIFETIME_MS;
  await database.kysely
    .insertInto('qr_codes')
    .values({
      code,
      account_id: merchant.account.id,
      amount: amountXof,
      expires_at_ms: expiresAtMs,
      created_at_ms: now,
    })
    .execute();
  return { code, merchant, amountXof, expiresAtMs };
}

/** Undefined when it is unknown or has expired, or its merchant can be paid no more; a paid one is found. */
export async function findQr(database: Database, code: string, now: number): Promise<QrCode | undefined> {
  const row = await selectHolders(database.kysely)
    .innerJoin('qr_codes', 'qr_codes.account_id', 'accounts.id')
    .select(['qr_codes.amount', 'qr_codes.expires_at_ms'])
    .where('qr_codes.code', '=', code)
    .where('qr_codes.expires_at_ms', '>', now)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const merchant = holderOf(row);
  return mayReceive(merchant)
    ? { code, merchant, amountXof: row.amount, expiresAtMs: row.expires_at_ms }
    : undefined;
}

/** Whether it was paid. Only the ledger can tell for sure, when it moves the money. */
export async function isQrPaid(database: Database, code: string): Promise<boolean> {
  const claims = await database.kysely
    .selectFrom('transfer_claims')
    .select('claim')
    .where('claim', '=', claimOfQr(code))
    .execute();
  return claims.length > 0;
}

/** The code as answers show it. */
export function qrView(qr: QrCode): Readonly<Record<string, string | number | null>> {
  const { user, account } = qr.merchant;
  return {
    code_qr: qr.code,
    nom_marchand: `${user.prenom} ${user.nom}`,
    code_marchand: account.codeMarchand,
    montant: qr.amountXof,
    date_expiration: isoTime(qr.expiresAtMs),
  };
}
