import { expect, test } from 'vitest';
import { Gate } from '../../src/host/gate.ts';

test('no more than the limit pass at a time, in the order in which they came, also after a failure', async () => {
  const gate = new Gate(2);
  const order: number[] = [];
  let inside = 0;
  let most = 0;
  const work = async (number: number): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    order.push(number);
    await Promise.resolve();
    inside -= 1;
    if (number === 1) throw new Error('failed');
  };
  const all = await Promise.allSettled([0, 1, 2, 3, 4].map((number) => gate.pass(() => work(number))));
  expect(all.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ]);
  expect(order).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBe(2);
});

test('who gives up while waiting leaves the queue, with the reason', async () => {
  const gate = new Gate(1);
  const first = Promise.withResolvers<void>();
  const running = gate.pass(() => first.promise);
  const controller = new AbortController();
  const reason = new Error('stopped');
  const waiting = gate.pass(async () => 'never', controller.signal);
  const last = gate.pass(async () => 'last');
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  first.resolve();
  await running;
  expect(await last).toBe('last');
});
