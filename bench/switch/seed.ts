import { createHash, randomBytes } from 'node:crypto';
import type { Database } from '../../src/api/db/open.ts';
import { HOUSE } from '../../src/api/ledger/house.ts';
import { type ApiKit, withApi } from '../../src/cli/kit/api.ts';
import { systemClock } from '../../src/core/clock.ts';
import { uuidv7 } from '../../src/core/ids.ts';
import type { Layout } from '../../src/core/layout.ts';

export interface SeededUser {
  readonly token: string;
  readonly telephone: string;
}

const FUNDS_XOF = 100_000;
const ROWS_A_STATEMENT = 500;

/** Customers with money and a session each, put straight into the tables: the bench measures the switch, not Argon2id. */
export function seedUsers(layout: Layout, count: number): Promise<readonly SeededUser[]> {
  return withApi(layout, systemClock, async (api) => {
    const nowMs = systemClock.now();
    const users = Array.from({ length: count }, (_, index) => ({
      id: uuidv7(nowMs),
      accountId: uuidv7(nowMs),
      token: randomBytes(32).toString('base64url'),
      telephone: `77${String(index).padStart(7, '0')}`,
    }));
    await insertRows(api.database, users, nowMs);
    await Promise.all(users.map((user) => fund(api, user.accountId)));
    return users.map(({ token, telephone }) => ({ token, telephone }));
  });
}

async function insertRows(
  database: Database,
  users: readonly { id: string; accountId: string; token: string; telephone: string }[],
  nowMs: number,
): Promise<void> {
  for (let from = 0; from < users.length; from += ROWS_A_STATEMENT) {
    const part = users.slice(from, from + ROWS_A_STATEMENT);
    const { kysely } = database;
    const userRows = part.map(({ id, telephone }) => ({
      id,
      nom: 'Banc',
      prenom: 'Essai',
      telephone: `+221${telephone}`,
      password_hash: 'none',
      cni: null,
      sexe: null,
      date_naissance: null,
      status: 'active' as const,
      kyc_level: 'probe' as const,
      created_at_ms: nowMs,
    }));
    await kysely.insertInto('users').values(userRows).execute();
    const accountRows = part.map(({ id, accountId, telephone }) => ({
      id: accountId,
      user_id: id,
      numero: `OM${telephone.slice(1)}`,
      kind: 'customer' as const,
      code_marchand: null,
      balance: 0,
      held: 0,
      created_at_ms: nowMs,
    }));
    await kysely.insertInto('accounts').values(accountRows).execute();
    const sessionRows = part.map(({ id, token }) => ({
      token_hash: createHash('sha256').update(token).digest('hex'),
      user_id: id,
      kind: 'access' as const,
      created_at_ms: nowMs,
      expires_at_ms: nowMs + 4 * 3_600_000,
      revoked_at_ms: 0,
    }));
    await kysely.insertInto('sessions').values(sessionRows).execute();
  }
}

async function fund(api: ApiKit, accountId: string): Promise<void> {
  const result = await api.ledger.post({
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

/** How often each reference stands in the ledger, and whether debits equal credits. */
export function countReferences(
  layout: Layout,
  references: readonly string[],
): Promise<{ missing: number; doubled: number; sumXof: number }> {
  return withApi(layout, systemClock, async ({ database }) => {
    const rows = await database.kysely.selectFrom('transfers').select('reference').execute();
    const seen = new Map<string, number>();
    for (const { reference } of rows) seen.set(reference, (seen.get(reference) ?? 0) + 1);
    const counts = references.map((reference) => seen.get(reference) ?? 0);
    const { sum } = await database.kysely
      .selectFrom('entries')
      .select((builder) => builder.fn.sum<number | string>('amount').as('sum'))
      .executeTakeFirstOrThrow();
    return {
      missing: counts.filter((count) => count === 0).length,
      doubled: counts.filter((count) => count > 1).length,
      sumXof: Number(sum),
    };
  });
}
