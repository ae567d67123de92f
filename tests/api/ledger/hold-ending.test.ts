import { describe, expect, test } from 'vitest';
import type { UsageCounterRow } from '../../../src/api/db/schema.ts';
import {
  account,
  apply,
  confirm,
  DISTRIBUTOR,
  deposit,
  hold,
  NOTHING,
  NOW_MS,
  outcomesOf,
  resolve,
  stateOf,
  used,
  writesOf,
} from './batches.ts';
import { ANA, refused, seen, settled, sms, stateWith } from './pending.ts';

describe('an operation that is pending', () => {
  test('is voided by its owner: what was held and counted is given back', () => {
    const plan = apply(stateWith([hold()]), [resolve('void')]);
    const voided = settled(hold(), 'annule');
    expect(outcomesOf(plan)).toEqual([{ kind: 'voided', hold: seen(voided) }]);
    expect(writesOf(plan)).toEqual({
      ...NOTHING,
      changedHolds: [voided],
      lowered: new Map([['ana', 0]]),
      usage: [
        { account_id: 'ana', period: 'd:2026-11-22', direction: 'out', amount: 0 },
        { account_id: 'ana', period: 'm:2026-11', direction: 'out', amount: 0 },
      ],
      messages: sms('voided'),
    });
  });

  test('expires at its time, and not a millisecond before', () => {
    const due = hold({ expires_at_ms: NOW_MS });
    const plan = apply(stateWith([due]), [resolve('expire')]);
    expect(outcomesOf(plan)).toEqual([{ kind: 'expired', hold: seen(settled(due, 'echoue')) }]);
    expect(plan.messages).toEqual(sms('expired'));
    expect(plan.lowered).toEqual(new Map([['ana', 0]]));
    const early = apply(stateWith([hold({ expires_at_ms: NOW_MS + 1 })]), [resolve('expire')]);
    expect(outcomesOf(early)).toEqual(refused({ reason: 'holdNotDue' }));
    expect(early.changedHolds).toEqual([]);
  });

  test('is not voided once its time is over: it has expired', () => {
    const due = hold({ expires_at_ms: NOW_MS });
    const plan = apply(stateWith([due]), [resolve('void')]);
    expect(outcomesOf(plan)).toEqual(refused({ reason: 'holdNotPending', status: 'echoue' }));
    expect(plan.changedHolds).toEqual([settled(due, 'echoue')]);
  });

  test('is unknown to others, as is one that there is not', () => {
    for (const asked of [
      resolve('void', 'h9'),
      resolve('void', 'h1', 'bob'),
      resolve('expire', 'h1', 'bob'),
    ]) {
      const plan = apply(stateWith([hold()]), [asked]);
      expect(outcomesOf(plan)).toEqual(refused({ reason: 'holdNotFound' }));
      expect(plan.changedHolds).toEqual([]);
    }
  });

  test.each([
    ['posted', confirm('123456'), 'reussi'],
    ['voided', resolve('void'), 'annule'],
    ['expired', resolve('expire'), 'echoue'],
  ] as const)('is %s once: whoever comes later is told so and changes nothing', (_what, first, status) => {
    const state = stateWith([hold({ expires_at_ms: status === 'echoue' ? NOW_MS : NOW_MS + 1 })]);
    const alone = apply(state, [first]);
    const later = [resolve('void'), resolve('expire'), confirm('123456')];
    const plan = apply(state, [first, ...later]);
    expect(outcomesOf(plan).slice(1)).toEqual([
      ...refused({ reason: 'holdNotPending', status }),
      ...refused({ reason: 'holdNotPending', status }),
      ...refused({ reason: 'codeInvalid', voided: [] }),
    ]);
    expect({ ...writesOf(plan), messages: [] }).toEqual({ ...writesOf(alone), messages: [] });
  });

  test('is never opened for an account that was not locked', () => {
    const state = stateOf([DISTRIBUTOR], { holds: [hold()] });
    expect(() => apply(state, [resolve('void')])).toThrow(
      'the account of an operation is locked before the operation is read',
    );
  });
});

describe('what an operation counted', () => {
  const out = (period: string, amount: number) => ({
    account_id: 'ana',
    period,
    direction: 'out' as const,
    amount,
  });
  const givenBack = (createdAtMs: number, pastUsage: readonly UsageCounterRow[]) => {
    const counted = hold({ created_at_ms: createdAtMs });
    const ana = { ...ANA, ...used({ dayOutXof: 1_500, monthOutXof: 1_500 }) };
    return apply(stateOf([ana, DISTRIBUTOR], { holds: [counted], pastUsage }), [resolve('void')]).usage;
  };

  test('is given back in the day and month of its opening, not in those of its end', () => {
    expect(givenBack(NOW_MS, [])).toEqual([out('d:2026-11-22', 500), out('m:2026-11', 500)]);
    const yesterday = Date.UTC(2026, 10, 21);
    expect(givenBack(yesterday, [out('d:2026-11-21', 1_200)])).toEqual([
      out('m:2026-11', 500),
      out('d:2026-11-21', 200),
    ]);
    const lastMonth = Date.UTC(2026, 9, 31);
    expect(givenBack(lastMonth, [out('d:2026-10-31', 1_000), out('m:2026-10', 3_000)])).toEqual([
      out('d:2026-10-31', 0),
      out('m:2026-10', 2_000),
    ]);
  });

  test('is given back in its own counter alone, and never below zero', () => {
    const lastMonth = Date.UTC(2026, 9, 31);
    const others = [
      { ...out('m:2026-10', 4_000), account_id: 'bob' },
      { ...out('m:2026-10', 4_000), direction: 'in' as const },
    ];
    expect(givenBack(lastMonth, [...others, out('d:2026-10-31', 400)])).toEqual([out('d:2026-10-31', 0)]);
    const little = { ...ANA, ...used({ dayOutXof: 400, monthOutXof: 300 }) };
    expect(apply(stateWith([hold()], little), [resolve('void')]).usage).toEqual([
      out('d:2026-11-22', 0),
      out('m:2026-11', 0),
    ]);
  });

  test('is nothing for a deposit, so that ending one gives nothing back', () => {
    const spender = account('ana', used({ dayOutXof: 1_500, monthOutXof: 1_500 }));
    const due = deposit({ id: 'h2', expires_at_ms: NOW_MS });
    const plan = apply(stateOf([spender, DISTRIBUTOR], { holds: [deposit(), due] }), [
      resolve('void'),
      resolve('expire', 'h2'),
    ]);
    expect(plan.changedHolds).toEqual([settled(deposit(), 'annule'), settled(due, 'echoue')]);
    expect([plan.usage, plan.lowered, plan.raised]).toEqual([[], new Map(), new Map()]);
  });
});
