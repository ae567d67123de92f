import { describe, expect, test } from 'vitest';
import { MOST_CODE_TRIES } from '../../../src/api/ledger/hold.ts';
import {
  account,
  apply,
  confirm,
  contextOf,
  DISTRIBUTOR,
  deposit,
  FEES,
  hold,
  NOTHING,
  NOW_MS,
  outcomesOf,
  sealCode,
  stateOf,
  used,
  writesOf,
} from './batches.ts';
import { ANA, RESERVED_XOF, refused, seen, settled, sms, stateWith } from './pending.ts';

describe('a withdrawal that a distributor confirms', () => {
  test('moves what was held with the fee of its opening, under its reference, and is counted once', () => {
    const free = contextOf().rules;
    const rules = { ...free, ratePpm: () => 500_000 };
    const plan = apply(stateWith([hold()]), [confirm('123456')], { rules });
    const posted = settled(hold({ transfer_id: 'id1' }), 'reussi');
    expect(outcomesOf(plan)).toMatchObject([
      {
        kind: 'posted',
        transfer: { id: 'id1', reference: 'TXN-h1', feeXof: 10, description: 'loyer', debitAccountId: 'ana' },
        hold: seen(posted),
      },
    ]);
    expect(plan.transfers).toMatchObject([
      {
        type: 'retrait',
        amount: 1_000,
        fee: 10,
        debit_account_id: 'ana',
        credit_account_id: 'shop',
        initiator_id: 'clerk',
      },
    ]);
    expect(plan.entries.map(({ account_id, amount }) => [account_id, amount])).toEqual([
      ['ana', -1_010],
      ['shop', 1_000],
      [FEES.id, 10],
    ]);
    expect(plan.changedHolds).toEqual([posted]);
    expect(plan.lowered).toEqual(new Map([['ana', 0]]));
    expect(plan.raised).toEqual(new Map());
    expect(plan.usage).toEqual([]);
    expect(plan.messages).toEqual(sms('posted'));
  });

  test('tells what can then be spent, the other operations counted out and its own no more', () => {
    const two = { ...ANA, heldXof: 2_020 };
    const other = hold({ id: 'h2', code_hmac: sealCode('654321') });
    expect(outcomesOf(apply(stateWith([hold(), other], two), [confirm('123456')]))).toMatchObject([
      { transfer: { debitAvailableXof: 7_980 } },
    ]);
  });

  test('is not judged again by the ceilings on what is sent, nor by funds, which are held', () => {
    const since = account('ana', {
      balanceXof: RESERVED_XOF,
      heldXof: RESERVED_XOF,
      ...used({ dayOutXof: 20_000, monthOutXof: 30_000 }),
    });
    expect(outcomesOf(apply(stateWith([hold()], since), [confirm('123456')]))).toMatchObject([
      { kind: 'posted', transfer: { debitAvailableXof: 0 } },
    ]);
  });

  test('is judged by what the one who gives the money may receive, and stays pending when refused', () => {
    const shop = (balanceXof: number) => stateOf([ANA, account('shop', { balanceXof })], { holds: [hold()] });
    const full = apply(shop(49_001), [confirm('123456')]);
    expect(outcomesOf(full)).toEqual(refused({ reason: 'balanceCeiling', ceilingXof: 50_000 }));
    expect(writesOf(full)).toEqual({ ...NOTHING, messages: sms('refused') });
    const passed = apply(shop(49_000), [confirm('123456')]);
    expect(outcomesOf(passed)).toMatchObject([{ kind: 'posted' }]);
    expect(passed.usage).toEqual([
      { account_id: 'shop', period: 'm:2026-11', direction: 'in', amount: 1_000 },
    ]);
  });

  test('by the customer, or by nobody, is refused and stays pending', () => {
    for (const [counterpartyId, refusal] of [
      ['ana', { reason: 'sameAccount' }],
      ['nobody', { reason: 'accountNotFound', accountId: 'nobody' }],
    ] as const) {
      const plan = apply(stateWith([hold()]), [confirm('123456', { counterpartyId })]);
      expect(outcomesOf(plan)).toEqual(refused(refusal));
      expect(plan.changedHolds).toEqual([]);
    }
  });
});

describe('a deposit that a distributor confirms', () => {
  const state = (shopXof: number, ana = account('ana')) =>
    stateOf([ana, { ...DISTRIBUTOR, balanceXof: shopXof }], { holds: [deposit()] });

  test('moves the money from the distributor and counts it as received', () => {
    const plan = apply(state(1_000), [confirm('123456')]);
    expect(outcomesOf(plan)).toMatchObject([
      { kind: 'posted', transfer: { type: 'depot', debitAccountId: 'shop', creditAccountId: 'ana' } },
    ]);
    expect(plan.balances).toEqual(
      new Map([
        ['ana', 11_000],
        ['shop', 0],
      ]),
    );
    expect(plan.usage).toEqual([{ account_id: 'ana', period: 'm:2026-11', direction: 'in', amount: 1_000 }]);
    expect([plan.lowered, plan.raised]).toEqual([new Map(), new Map()]);
    expect(plan.changedHolds).toEqual([settled(deposit({ transfer_id: 'id1' }), 'reussi')]);
  });

  test('counts as sent for one who has ceilings, who is judged by them', () => {
    const other = (dayOutXof: number) =>
      stateOf([account('ana'), account('shop', used({ dayOutXof }))], { holds: [deposit()] });
    expect(apply(other(0), [confirm('123456')]).usage).toContainEqual({
      account_id: 'shop',
      period: 'd:2026-11-22',
      direction: 'out',
      amount: 1_000,
    });
    expect(outcomesOf(apply(other(19_001), [confirm('123456')]))).toMatchObject([
      { refusal: { reason: 'periodCeiling', direction: 'out' } },
    ]);
  });

  test('needs the float for amount and fee, and stays pending without it, no try counted', () => {
    const short = apply(state(999), [confirm('123456')]);
    expect(outcomesOf(short)).toEqual(
      refused({ reason: 'insufficientFunds', availableXof: 999, neededXof: 1_000 }),
    );
    expect(writesOf(short)).toEqual({ ...NOTHING, messages: sms('refused') });
    const withFee = stateOf([account('ana'), { ...DISTRIBUTOR, balanceXof: 1_009 }], {
      holds: [deposit({ fee: 10 })],
    });
    expect(outcomesOf(apply(withFee, [confirm('123456')]))).toEqual(
      refused({ reason: 'insufficientFunds', availableXof: 1_009, neededXof: 1_010 }),
    );
  });

  test('is judged by the ceilings on what the customer has and receives', () => {
    expect(
      outcomesOf(apply(state(1_000, account('ana', { balanceXof: 49_001 })), [confirm('123456')])),
    ).toEqual(refused({ reason: 'balanceCeiling', ceilingXof: 50_000 }));
  });
});

describe('a wrong code', () => {
  const two = (tries: number) => [hold({ tries }), deposit({ id: 'h2', tries: tries - 1 })];

  test('counts against every pending operation of the customer, and moves nothing', () => {
    const plan = apply(stateWith([...two(1), deposit({ id: 'h3', account_id: 'bob' })]), [confirm('654321')]);
    expect(outcomesOf(plan)).toEqual(refused({ reason: 'codeInvalid', voided: [] }));
    const { changedHolds, ...written } = writesOf(plan);
    expect(changedHolds).toEqual([hold({ tries: 2 }), deposit({ id: 'h2', tries: 1 })]);
    expect(written).toEqual({ ...NOTHING, changedHolds: undefined, messages: sms('refused') });
  });

  test('is the last at the fifth: that operation is void, told, and gives back what it held', () => {
    expect(MOST_CODE_TRIES).toBe(5);
    const plan = apply(stateWith(two(4)), [confirm('654321')]);
    const voided = settled(hold({ tries: 5 }), 'annule');
    expect(outcomesOf(plan)).toEqual(refused({ reason: 'codeInvalid', voided: [seen(voided)] }));
    expect(plan.changedHolds).toEqual([voided, deposit({ id: 'h2', tries: 4 })]);
    expect(plan.lowered).toEqual(new Map([['ana', 0]]));
    expect(plan.usage).toMatchObject([
      { period: 'd:2026-11-22', amount: 0 },
      { period: 'm:2026-11', amount: 0 },
    ]);
  });

  test('is all that can be said where nothing is pending, or its time is over', () => {
    const due = hold({ expires_at_ms: NOW_MS });
    const plan = apply(stateWith([due]), [confirm('123456')]);
    expect(outcomesOf(plan)).toEqual(refused({ reason: 'codeInvalid', voided: [] }));
    expect(plan.changedHolds).toEqual([settled(due, 'echoue')]);
  });

  test('of five tries in one batch voids as five in turn would, and the right one then comes late', () => {
    const codes = ['1', '2', '3', '4', '5'].map((digit) => confirm(digit.repeat(6)));
    const plan = apply(stateWith([hold()]), [...codes, confirm('123456')]);
    expect(plan.changedHolds).toEqual([settled(hold({ tries: 5 }), 'annule')]);
    expect(plan.transfers).toEqual([]);
  });
});
