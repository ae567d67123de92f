import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { startSampling } from '../../../src/deploy/observation/baseline.ts';
import type { Traffic } from '../../../src/deploy/observation/traffic.ts';
import { latencies, traffic } from './seconds.ts';

test('the old release is looked at each second until the switch, also when a look fails', async () => {
  let looks = 0;
  const look = async (): Promise<Traffic> => {
    looks += 1;
    if (looks === 2) throw new Error('the front is being started');
    const requests = 10 * looks;
    return traffic({ requests, latency: latencies({ requests, ms: 5 }) });
  };
  const sampler = startSampling(look, { slot: 'green', clock: systemClock });
  await delay(2500);
  const { total, seconds } = await sampler.finish();
  expect(total.requests).toBe(10 * (looks - 1));
  expect(seconds.length).toBe(looks - 2);
  const looksThen = looks;
  await delay(1200);
  expect(looks).toBe(looksThen);
});
