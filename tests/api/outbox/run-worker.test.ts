import { expect, test } from 'vitest';
import { enqueue, readOutbox } from '../../../src/api/outbox/queue.ts';
import { runWorker } from '../../../src/api/outbox/run-worker.ts';
import { deriveKeys } from '../../../src/api/services.ts';
import { startApi } from '../../fixtures/api.ts';

test('a worker process delivers until it is told to stop, and then ends', async () => {
  const api = await startApi();
  try {
    const { settings, clock, foundations, database } = api;
    const key = deriveKeys(settings).outbox;
    const message = { channel: 'sms', recipient: '+221771234567', body: 'bonjour' } as const;
    await enqueue(database.kysely, message, { key, now: clock.now() });
    const stopping = new AbortController();
    const parts = { settings, clock, log: foundations.log, concurrency: 2 };
    const running = runWorker(parts, stopping.signal);
    const deliveredAtMs = async (): Promise<number | undefined> =>
      (await readOutbox(database.kysely, key, { limit: 1 }))[0]?.deliveredAtMs;
    await expect.poll(deliveredAtMs, { timeout: 10_000 }).toBeGreaterThan(0);
    stopping.abort();
    await running;
    await runWorker(parts, AbortSignal.abort());
    expect(api.lines.filter((line) => line.includes('"stopped"'))).toHaveLength(2);
  } finally {
    await api.close();
  }
});
