import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { startReceiving } from '../../tests/engine/mysql/receiving.ts';
import { startSource } from '../../tests/engine/mysql/source.ts';
import { makeTables, percentile, post } from './stage.ts';

const CLIENTS = 4;

export interface DelayResult {
  readonly mode: 'asynchronous' | 'semi-synchronous';
  readonly transactions: number;
  /** From the server's commit to the receiver's fdatasync, milliseconds. */
  readonly delayP50Ms: number;
  readonly delayP99Ms: number;
  /** What a client waits for a transfer. */
  readonly answerP50Ms: number;
  readonly answerP99Ms: number;
}

export async function measureDelay(mode: DelayResult['mode'], loadMs: number): Promise<DelayResult> {
  const source = await startSource();
  try {
    const session = await source.connect();
    await makeTables(session);
    if (mode === 'asynchronous') await session.run('set global rpl_semi_sync_source_enabled = off');
    const delays: number[] = [];
    const loading = { on: false };
    const receiver = startReceiving(source, {
      root: join(source.folder, 'received'),
      onSynced: ({ transactions }) => {
        const nowMs = systemClock.now();
        if (loading.on) for (const { committedAtMs } of transactions) delays.push(nowMs - committedAtMs);
      },
    });
    await receiver.until(({ state, caughtUpAt }) => state === 'streaming' && caughtUpAt !== '');
    loading.on = true;
    const answers = await load(source, loadMs);
    loading.on = false;
    await receiver.stop();
    session.close();
    return {
      mode,
      transactions: delays.length,
      delayP50Ms: percentile(delays, 0.5),
      delayP99Ms: percentile(delays, 0.99),
      answerP50Ms: percentile(answers, 0.5),
      answerP99Ms: percentile(answers, 0.99),
    };
  } finally {
    await source.dispose();
  }
}

async function load(
  source: Awaited<ReturnType<typeof startSource>>,
  loadMs: number,
): Promise<readonly number[]> {
  const untilMs = systemClock.monotonicMs() + loadMs;
  const clients = Array.from({ length: CLIENTS }, async (_, client) => {
    const session = await source.connect();
    const answers: number[] = [];
    for (let number = 0; systemClock.monotonicMs() < untilMs; number += 1) {
      const beginMs = systemClock.monotonicMs();
      await post(session, `d${client}-${number}`, number);
      answers.push(systemClock.monotonicMs() - beginMs);
    }
    session.close();
    return answers;
  });
  return (await Promise.all(clients)).flat();
}
