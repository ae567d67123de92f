import { expect, test } from 'vitest';
import { isoTime, systemClock } from '../../src/core/clock.ts';

test('times are written in UTC with milliseconds', () => {
  expect(isoTime(Date.UTC(2026, 10, 22, 16, 53, 0, 123))).toBe('2026-11-22T16:53:00.123Z');
});

test('a sleep lasts at least its time on the monotonic clock', async () => {
  const startedMs = systemClock.monotonicMs();
  await systemClock.sleep(25);
  // Timers may fire up to a millisecond early by the finer clock.
  expect(systemClock.monotonicMs() - startedMs).toBeGreaterThanOrEqual(24);
});

test('an aborted sleep ends at once with the reason', async () => {
  const reason = new Error('stop');
  const controller = new AbortController();
  const sleep = systemClock.sleep(60_000, controller.signal);
  controller.abort(reason);
  await expect(sleep).rejects.toBe(reason);
  await expect(systemClock.sleep(60_000, controller.signal)).rejects.toBe(reason);
});
