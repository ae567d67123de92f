import { expect, test } from 'vitest';
import { createRateLimiter } from '../../../src/api/http/rates.ts';
import { manualClock } from '../../fixtures/clock.ts';

test('the sixth request of a minute is refused, and the next minute starts anew', async () => {
  const clock = manualClock();
  const rates = createRateLimiter(clock);
  const remaining = await Promise.all(Array.from({ length: 5 }, () => rates.hit('otp', '10.0.0.1')));
  expect(remaining.map((state) => [state.allowed, state.remaining])).toEqual([
    [true, 4],
    [true, 3],
    [true, 2],
    [true, 1],
    [true, 0],
  ]);
  clock.pass(20_000);
  expect(await rates.hit('otp', '10.0.0.1')).toEqual({
    allowed: false,
    limit: 5,
    remaining: 0,
    resetMs: 40_000,
  });
  clock.pass(40_000);
  expect(await rates.hit('otp', '10.0.0.1')).toMatchObject({ allowed: true, remaining: 4 });
});

test('keys and limits are counted apart', async () => {
  const rates = createRateLimiter(manualClock());
  for (let request = 0; request < 5; request += 1) await rates.hit('otp', 'a');
  expect((await rates.hit('otp', 'b')).allowed).toBe(true);
  expect((await rates.hit('auth', 'a')).remaining).toBe(59);
});

test('memory is bounded: past the bound, the oldest keys are forgotten', async () => {
  const rates = createRateLimiter(manualClock(), 2);
  for (const key of ['a', 'a', 'b', 'c']) await rates.hit('otp', key);
  expect((await rates.hit('otp', 'c')).remaining).toBe(3);
  expect((await rates.hit('otp', 'a')).remaining).toBe(4);
});
