import { createHash, randomBytes } from 'node:crypto';
import type { Database } from '../../src/api/db/open.ts';
import type { AccountKind } from '../../src/api/db/schema.ts';
import { HOUSE } from '../../src/api/ledger/house.ts';
import type { Ledger } from '../../src/api/ledger/types.ts';
import { systemClock } from '../../src/core/clock.ts';
import { uuidv7 } from '../../src/core/ids.ts';

export interface Person {
  readonly userId: string;
  readonly accountId: string;
  /** Nine digits. */
  readonly telephone: string;
  readonly token: string;
  readonly codeMarchand: string | null;
  readonly fundsXof: number;
}

export interface PersonWish {
  readonly kind: Extract<AccountKind, 'customer' | 'merchant' | 'distributor'>;
  readonly fundsXof: number;
}

const SESSION_MS = 24 * 3_600_000;

/**
 * Active people with a session and money each, put straight into the tables: what is tried is the money, not Argon2id.
 * `first` numbers their phones, below 10,000,000 in all.
 */
export async function makePeople(
  parts: { readonly database: Database; readonly ledger: Ledger },
  wishes: readonly PersonWish[],
  first: number,
): Promise<readonly Person[]> {
  const nowMs = systemClock.now();
  const people = wishes.map((wish, index) => personOf(wish, first + index, nowMs));
  const { database, ledger } = parts;
  const rows = people.map((person, index) => rowsOf(person, wishes[index]?.kind ?? 'customer', nowMs));
  await database.transaction(async (trx) => {
    const { dialect } = database;
    await dialect.insertRows(
      trx,
      'users',
      rows.map(({ user }) => user),
    );
    await dialect.insertRows(
      trx,
      'accounts',
      rows.map(({ account }) => account),
    );
    await dialect.insertRows(
      trx,
      'sessions',
      rows.map(({ session }) => session),
    );
  });
  await Promise.all(people.filter(({ fundsXof }) => fundsXof > 0).map((person) => fund(ledger, person)));
  return people;
}

function personOf({ kind, fundsXof }: PersonWish, number: number, nowMs: number): Person {
  const digits = String(number).padStart(7, '0');
  return {
    userId: uuidv7(nowMs),
    accountId: uuidv7(nowMs),
    telephone: `77${digits}`,
    token: randomBytes(32).toString('base64url'),
    codeMarchand: kind === 'merchant' ? `MCH${number.toString(36).toUpperCase().padStart(6, '0')}` : null,
    fundsXof,
  };
}

function rowsOf(person: Person, kind: PersonWish['kind'], nowMs: number) {
  return {
    user: {
      id: person.userId,
      nom: 'Banque',
      prenom: 'Essai',
      telephone: `+221${person.telephone}`,
      password_hash: 'none',
      cni: null,
      sexe: null,
      date_naissance: null,
      status: 'active' as const,
      kyc_level: kind === 'distributor' ? ('staff' as const) : ('identified' as const),
      created_at_ms: nowMs,
    },
    account: {
      id: person.accountId,
      user_id: person.userId,
      numero: `OM${person.telephone.slice(1)}`,
      kind,
      code_marchand: person.codeMarchand,
      balance: 0,
      held: 0,
      created_at_ms: nowMs,
    },
    session: {
      token_hash: createHash('sha256').update(person.token).digest('hex'),
      user_id: person.userId,
      kind: 'access' as const,
      created_at_ms: nowMs,
      expires_at_ms: nowMs + SESSION_MS,
      revoked_at_ms: 0,
    },
  };
}

async function fund(ledger: Ledger, person: Person): Promise<void> {
  const result = await ledger.post({
    type: 'approvisionnement',
    debitAccountId: HOUSE.issuance.id,
    creditAccountId: person.accountId,
    amountXof: person.fundsXof,
    description: null,
    initiatorId: null,
    idempotency: null,
    messages: () => [],
    answer: () => ({ statusCode: 200, body: '' }),
  });
  if (result.kind !== 'done' || result.outcome.kind !== 'posted')
    throw new Error(`not funded: ${JSON.stringify(result)}`);
}
