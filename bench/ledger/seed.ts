import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { type Database, openDatabase } from '../../src/api/db/open.ts';
import type { AccountRow, SessionRow, UserRow } from '../../src/api/db/schema.ts';
import type { DatabaseSettings } from '../../src/api/db/settings.ts';
import { HOUSE } from '../../src/api/ledger/house.ts';
import { createLedger } from '../../src/api/ledger/ledger.ts';
import type { Ledger } from '../../src/api/ledger/types.ts';
import { MIGRATIONS } from '../../src/api/migrations/index.ts';
import { migrateUp } from '../../src/api/migrations/runner.ts';
import { systemClock } from '../../src/core/clock.ts';
import { uuidv7 } from '../../src/core/ids.ts';
import type { LoadUser } from './load.ts';

export interface Seeded {
  readonly users: readonly LoadUser[];
  readonly merchantCode: string;
}

const MERCHANT_CODE = 'MCHBENCH1';
/** Enough for every run, and far from the ceiling of a balance. */
const FUNDS_XOF = 100_000;
const ROWS_A_STATEMENT = 1_000;
const SESSION_MS = 6 * 3_600_000;

interface NewCustomer {
  readonly user: UserRow;
  readonly account: AccountRow;
  readonly session: SessionRow;
  readonly seen: LoadUser;
}

/**
 * Makes the tables, and identified customers with money and a session each, put straight into the tables: the bench
 * measures transfers, not Argon2id. The money is issued through the ledger, as in life. One merchant without money besides.
 */
export async function seed(settings: DatabaseSettings, count: number): Promise<Seeded> {
  const database = openDatabase(settings);
  const ledger = createLedger({
    db: database,
    clock: systemClock,
    sealMessage: (body) => body,
    onBatch: () => {},
    onError: () => {},
  });
  try {
    await migrateUp(database, MIGRATIONS, systemClock);
    const users: LoadUser[] = [];
    for (let from = 0; from < count; from += ROWS_A_STATEMENT) {
      const length = Math.min(ROWS_A_STATEMENT, count - from);
      const made = Array.from({ length }, (_, index) => customer(from + index));
      await insert(database, made);
      await Promise.all(made.map(({ account }) => fund(ledger, account.id)));
      for (const { seen } of made) users.push(seen);
    }
    await insert(database, [merchant(customer(count))]);
    await refreshStatistics(database);
    return { users, merchantCode: MERCHANT_CODE };
  } finally {
    await ledger.close();
    await database.close();
  }
}

/** A table that grew a thousandfold in a minute is planned for as if it were empty, until the server looks again. */
async function refreshStatistics({ kysely, dialect }: Database): Promise<void> {
  const tables = 'users, accounts, sessions, transfers, entries';
  await sql.raw(`analyze ${dialect.family === 'mysql' ? 'table ' : ''}${tables}`).execute(kysely);
}

function customer(number: number): NewCustomer {
  const nowMs = systemClock.now();
  const telephone = `77${String(number).padStart(7, '0')}`;
  const token = randomBytes(32).toString('base64url');
  const user: UserRow = {
    id: uuidv7(nowMs),
    nom: 'Banc',
    prenom: 'Essai',
    telephone: `+221${telephone}`,
    password_hash: 'none',
    cni: null,
    sexe: null,
    date_naissance: null,
    status: 'active',
    kyc_level: 'identified',
    created_at_ms: nowMs,
  };
  const account: AccountRow = {
    id: uuidv7(nowMs),
    user_id: user.id,
    numero: `OM${telephone.slice(1)}`,
    kind: 'customer',
    code_marchand: null,
    balance: 0,
    held: 0,
    created_at_ms: nowMs,
  };
  const session: SessionRow = {
    token_hash: createHash('sha256').update(token).digest('hex'),
    user_id: user.id,
    kind: 'access',
    created_at_ms: nowMs,
    expires_at_ms: nowMs + SESSION_MS,
    revoked_at_ms: 0,
  };
  return { user, account, session, seen: { token, telephone } };
}

function merchant(made: NewCustomer): NewCustomer {
  return { ...made, account: { ...made.account, kind: 'merchant', code_marchand: MERCHANT_CODE } };
}

async function insert({ kysely, dialect }: Database, made: readonly NewCustomer[]): Promise<void> {
  await dialect.insertRows(
    kysely,
    'users',
    made.map(({ user }) => user),
  );
  await dialect.insertRows(
    kysely,
    'accounts',
    made.map(({ account }) => account),
  );
  await dialect.insertRows(
    kysely,
    'sessions',
    made.map(({ session }) => session),
  );
}

async function fund(ledger: Ledger, accountId: string): Promise<void> {
  const result = await ledger.post({
    type: 'approvisionnement',
    debitAccountId: HOUSE.issuance.id,
    creditAccountId: accountId,
    amountXof: FUNDS_XOF,
    description: null,
    initiatorId: null,
    idempotency: null,
    messages: () => [],
    answer: () => ({ statusCode: 200, body: '' }),
  });
  if (result.kind !== 'done' || result.outcome.kind !== 'posted')
    throw new Error(`not funded: ${JSON.stringify(result)}`);
}
