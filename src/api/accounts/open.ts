import { randomInt } from 'node:crypto';
import type { Kysely } from 'kysely';
import { uuidv7 } from '../../core/ids.ts';
import type { Database } from '../db/open.ts';
import type { AccountKind, AccountRow, Schema, UserRow } from '../db/schema.ts';

const MAX_NUMBER_TRIES = 8;
const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

export type NewUser = Pick<
  UserRow,
  | 'nom'
  | 'prenom'
  | 'telephone'
  | 'password_hash'
  | 'cni'
  | 'sexe'
  | 'date_naissance'
  | 'status'
  | 'kyc_level'
>;

export interface Opened {
  readonly userId: string;
  readonly accountId: string;
  readonly numero: string;
}

/**
 * Makes a user and its account in the caller's transaction.
 * Gives undefined, having written nothing, when the phone number or the id card is already known.
 */
export async function openAccount(
  dialect: Database['dialect'],
  trx: Kysely<Schema>,
  opening: { readonly user: NewUser; readonly kind: AccountKind; readonly now: number },
): Promise<Opened | undefined> {
  const { user, kind, now } = opening;
  const userId = uuidv7(now);
  const row = { ...user, id: userId, created_at_ms: now };
  if (!(await dialect.insertIfAbsent(trx, 'users', row))) return undefined;
  for (let tries = 0; tries < MAX_NUMBER_TRIES; tries += 1) {
    const account = newAccount({ userId, kind, now });
    if (await dialect.insertIfAbsent(trx, 'accounts', account)) {
      return { userId, accountId: account.id, numero: account.numero };
    }
  }
  throw new Error(`no free account number in ${MAX_NUMBER_TRIES} tries`);
}

function newAccount(owner: {
  readonly userId: string;
  readonly kind: AccountKind;
  readonly now: number;
}): AccountRow {
  return {
    id: uuidv7(owner.now),
    user_id: owner.userId,
    numero: `OM${String(randomInt(100_000_000)).padStart(8, '0')}`,
    kind: owner.kind,
    code_marchand: owner.kind === 'merchant' ? `MCH${randomCharacters(6)}` : null,
    balance: 0,
    held: 0,
    created_at_ms: owner.now,
  };
}

function randomCharacters(length: number): string {
  return Array.from({ length }, () => LETTERS_AND_DIGITS.charAt(randomInt(LETTERS_AND_DIGITS.length))).join(
    '',
  );
}
