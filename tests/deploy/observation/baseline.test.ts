import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { startSampling } from '../../../src/deploy/observation/baseline.ts';
import type { Traffic, TrafficCount } from '../../../src/deploy/observation/traffic.ts';
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

test('the half minute before the deploy is the measure when enough requests came in it', async () => {
  const calm = { requests: 400, failed: 1, latency: latencies({ requests: 300, ms: 5 }) };
  const looks = async (recent: TrafficCount) => {
    let requests = 0;
    const look = async (): Promise<Traffic> => {
      requests += 50;
      const latency = latencies({ requests, ms: 80 });
      return { ...traffic({ requests, latency }), recent: { blue: recent, green: recent } };
    };
    const sampler = startSampling(look, { slot: 'green', clock: systemClock });
    return sampler.finish();
  };
  expect(await looks(calm)).toMatchObject({ total: calm, since: 'beforeDeploy' });
  const few = { requests: 199, failed: 0, latency: latencies({ requests: 199, ms: 5 }) };
  const { total, since } = await looks(few);
  expect(since).toBe('duringDeploy');
  expect(total.requests).toBeGreaterThanOrEqual(199);
});
