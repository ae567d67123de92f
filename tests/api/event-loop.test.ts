import { expect, onTestFinished, test, vi } from 'vitest';
import { startLoopMonitor } from '../../src/api/event-loop.ts';

test('a loop that was kept busy is seen in the second in which it was, and is well again afterwards', async () => {
  const worst: number[] = [];
  const monitor = startLoopMonitor((worstMs) => worst.push(worstMs));
  onTestFinished(() => monitor.stop());
  expect(monitor.meanDelayMs()).toBe(0);
  await expect.poll(() => worst.length, { timeout: 10_000 }).toBeGreaterThan(0);
  const seen = worst.length;
  const untilMs = performance.now() + 700;
  while (performance.now() < untilMs);
  await expect.poll(() => worst.length, { timeout: 10_000 }).toBeGreaterThan(seen);
  expect(Math.max(...worst.slice(seen))).toBeGreaterThan(600);
  expect(monitor.meanDelayMs()).toBeGreaterThan(0);
  monitor.stop();
  const ended = worst.length;
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect(worst.length).toBe(ended);
});

test('a second in which nothing could be measured is not told', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const worst: number[] = [];
  const monitor = startLoopMonitor((worstMs) => worst.push(worstMs));
  vi.advanceTimersByTime(1_000);
  monitor.stop();
  expect(worst).toEqual([]);
  expect(monitor.meanDelayMs()).toBe(0);
});
