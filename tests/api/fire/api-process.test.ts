import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { apiProcess, bundleApi, isHealthy } from '../../fixtures/api-process.ts';
import { PGLITE } from '../../fixtures/databases.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';
import { migratedDatabase } from '../../fixtures/ledgers.ts';

test('a process that was killed starts again on the socket that it left', { timeout: 180_000 }, async () => {
  const folder = temporaryFolder();
  const server = await PGLITE.start();
  onTestFinished(() => server.stop());
  const database = await migratedDatabase(server);
  const api = apiProcess({ folder, name: 'a', entry: await bundleApi(folder), database });
  onTestFinished(() => api.kill());
  await api.start();
  await api.kill();
  expect(await isHealthy(api.socketPath)).toBe(false);
  await api.start();
  expect(await isHealthy(api.socketPath)).toBe(true);

  api.pause();
  const asked = isHealthy(api.socketPath);
  expect(await Promise.race([asked, systemClock.sleep(300)])).toBe(undefined);
  api.resume();
  expect(await asked).toBe(true);

  await api.stop();
  expect(await isHealthy(api.socketPath)).toBe(false);
});
