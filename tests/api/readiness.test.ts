import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../src/api/db/open.ts';
import { loggerTo } from '../../src/api/log.ts';
import { createReadiness, type ReadinessParts } from '../../src/api/readiness.ts';
import { loadApiSettings } from '../../src/config/load.ts';
import { systemClock } from '../../src/core/clock.ts';
import { startApi } from '../fixtures/api.ts';
import { manualClock } from '../fixtures/clock.ts';
import { emptyDatabase } from '../fixtures/place.ts';

test('a process is ready, then draining; each change is logged once', async () => {
  const api = await startApi();
  onTestFinished(() => api.close());
  const { readiness } = api.foundations;
  expect((await api.get('/ready')).json).toEqual({ ready: true, release: 'development', obstacles: [] });
  expect((await api.get('/ready')).headers.connection).not.toBe('close');
  readiness.beginDraining();
  for (let count = 0; count < 2; count += 1) {
    const { statusCode, headers, json } = await api.get('/ready');
    expect([statusCode, headers.connection]).toEqual([503, 'close']);
    expect(json).toMatchObject({ ready: false, obstacles: ['draining'] });
  }
  expect(api.lines.filter((line) => line.includes('"message":"not ready"'))).toHaveLength(1);
  // For people and the apps, who may still be served.
  expect((await api.get('/health')).statusCode).toBe(200);
});

test('an event loop that stands still, and one that moves again', async () => {
  const api = await startApi();
  onTestFinished(() => api.close());
  let loopDelayMs = 500;
  const readiness = createReadiness({ ...api.foundations, loopDelayMs: () => loopDelayMs });
  expect(await readiness.obstacles()).toEqual(['event_loop']);
  loopDelayMs = 499;
  expect(await readiness.obstacles()).toEqual([]);
  expect(api.lines.join('')).toContain('"message":"ready again"');
});

test("a database without this release's migrations, and one that is away", async () => {
  const place = await emptyDatabase();
  const settings = loadApiSettings(place.variables).database;
  for (const [where, obstacle] of [
    [settings, 'migrations'],
    [{ ...settings, socketPath: '/nowhere/.s.PGSQL.5432', connectWaitMs: 1 }, 'database'],
  ] as const) {
    const database = openDatabase(where);
    onTestFinished(() => database.close());
    expect(await createReadiness(silentWith({ database })).obstacles()).toEqual([obstacle]);
  }
});

test('a database that hangs is asked once, however many ask, and nobody waits longer than the limit', async () => {
  const api = await startApi();
  onTestFinished(() => api.close());
  const held = Promise.withResolvers<boolean>();
  let asked = 0;
  const hasTable = (): Promise<boolean> => {
    asked += 1;
    return held.promise;
  };
  const clock = manualClock();
  const dialect = { ...api.database.dialect, hasTable };
  const readiness = createReadiness(silentWith({ database: { ...api.database, dialect }, clock }));
  const looks = await Promise.all(Array.from({ length: 50 }, () => readiness.obstacles()));
  expect(looks.every(([obstacle]) => obstacle === 'database')).toBe(true);
  expect(asked).toBe(1);
  held.resolve(true);
  await expect.poll(() => readiness.obstacles()).toEqual([]);
  expect(asked).toBe(1);
  clock.pass(251);
  await readiness.obstacles();
  expect(asked).toBe(2);
});

function silentWith(parts: Pick<ReadinessParts, 'database'> & Partial<ReadinessParts>): ReadinessParts {
  const clock = parts.clock ?? systemClock;
  const identity = { name: 'ompay-api', release: 'r1', environment: 'local' } as const;
  const log = loggerTo({ write: () => {} }, 'silent', { clock, identity });
  return { clock, log, loopDelayMs: () => 0, ...parts };
}
