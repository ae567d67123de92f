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

test('an aborted sleep ends at once, with the reason as its cause', async () => {
  const controller = new AbortController();
  const sleep = systemClock.sleep(60_000, controller.signal);
  controller.abort(new Error('stop'));
  await expect(sleep).rejects.toMatchObject({ name: 'AbortError', cause: { message: 'stop' } });
});
