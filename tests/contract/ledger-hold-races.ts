import { expect, it } from 'vitest';
import type { LedgerParts } from '../../src/api/ledger/ledger.ts';
import { systemClock } from '../../src/core/clock.ts';
import { confirmRequest, ending, type Reserved, reserve, resolveRequest } from '../fixtures/holds.ts';
import type { OpenedLedger } from '../fixtures/ledgers.ts';
import { fund, makeAccounts } from '../fixtures/people.ts';
import { expectSound } from '../fixtures/sound.ts';

const RACES = 1_000;
const AMOUNT_XOF = 100;

/** Part of the ledger's contract: an operation ends once, whoever ends it. */
export function holdRaceContract(setUp: (change?: Partial<LedgerParts>) => OpenedLedger): void {
  it('has one winner each of 1,000 times that a hold is posted, voided and expired at once', async () => {
    const [one, other] = [setUp(), setUp()];
    // Only its clock has the operations overdue, so it alone can expire them, and the others can still post.
    const later = setUp({ clock: { ...systemClock, now: () => systemClock.now() + 16 * 60_000 } });
    const { db } = one;
    const [distributor] = await makeAccounts(db, [{ kind: 'distributor' }]);
    if (distributor === undefined) throw new Error('an account was made');
    const customers = await makeAccounts(
      db,
      Array.from({ length: RACES }, () => ({})),
    );
    await Promise.all(customers.map(({ id }) => fund(one.ledger, id, AMOUNT_XOF)));
    const holds = await Promise.all(
      customers.map(({ id }) => reserve(one.ledger, { accountId: id, amountXof: AMOUNT_XOF })),
    );
    const racers = {
      posted: (reserved: Reserved) => either(one, other).post(confirmRequest(reserved, distributor)),
      voided: (reserved: Reserved) => either(one, other).post(resolveRequest('void', reserved)),
      expired: (reserved: Reserved) => later.ledger.post(resolveRequest('expire', reserved)),
    };
    const asked = holds.flatMap((reserved) => Object.values(racers).map((race) => ({ reserved, race })));
    const results = await Promise.all(
      shuffled(asked).map(async ({ reserved, race }) => ({
        id: reserved.hold.id,
        ending: ending(await race(reserved)),
      })),
    );
    const winners = results.filter((result) => result.ending in racers);
    expect(new Set(winners.map(({ id }) => id)).size).toBe(RACES);
    expect(winners).toHaveLength(RACES);
    const rows = await db.kysely.selectFrom('holds').select(['id', 'status']).execute();
    const statusById = new Map(rows.map(({ id, status }) => [id, status]));
    for (const winner of winners) expect(statusById.get(winner.id)).toBe(STATUS[winner.ending]);
    const wins = Map.groupBy(winners, (winner) => winner.ending);
    expect([...wins.keys()].sort()).toEqual(['expired', 'posted', 'voided']);
    const posted = wins.get('posted')?.length ?? 0;
    expect(await totals(one, [distributor.id])).toEqual({ balance: posted * AMOUNT_XOF, held: 0 });
    expect(
      await totals(
        one,
        customers.map(({ id }) => id),
      ),
    ).toEqual({
      balance: (RACES - posted) * AMOUNT_XOF,
      held: 0,
    });
    await expectSound(db);
  });
}

const STATUS: Readonly<Record<string, string>> = { posted: 'reussi', voided: 'annule', expired: 'echoue' };

function either(one: OpenedLedger, other: OpenedLedger) {
  return (Math.random() < 0.5 ? one : other).ledger;
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((left, right) => left.place - right.place)
    .map(({ item }) => item);
}

async function totals({ db }: OpenedLedger, ids: readonly string[]) {
  return db.kysely
    .selectFrom('accounts')
    .select(({ ref }) => [
      db.dialect.sum(ref('balance')).as('balance'),
      db.dialect.sum(ref('held')).as('held'),
    ])
    .where('id', 'in', ids)
    .executeTakeFirstOrThrow();
}
