import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createInstallation,
  eventsIn,
  exitCodeOf,
  type Installation,
  textsUnder,
} from '../fixtures/installation.ts';

/** One installation, in the order of its life: each test goes on from where the one before left it. */
describe('a local installation', { timeout: 180_000 }, () => {
  let installation: Installation;
  let firstRelease: string;

  beforeAll(async () => {
    installation = await createInstallation();
  });
  afterAll(() => installation.end());

  const status = () => installation.ompay(['status', '--json']).last;
  const liveRelease = (): unknown => {
    const { services, live } = status();
    return Array.isArray(services)
      ? services.find((service: { name: string }) => service.name === live)?.release
      : undefined;
  };

  it('deploys from nothing and answers', async () => {
    const { exitCode, last } = installation.ompay([
      'deploy',
      '--port',
      String(installation.port),
      '--bake',
      '1',
    ]);
    expect(last).toMatchObject({
      type: 'run-done',
      exitCode: 0,
      data: { failedRequests: 0, previous: null },
    });
    expect(exitCode).toBe(0);
    firstRelease = String(liveRelease());
    const health = await installation.get('/health');
    expect(health.status).toBe(200);
  });

  it('keeps its state to this user alone', () => {
    const { state, environment, keys, services, lock } = installation.layout;
    expect(statSync(state).mode & 0o777).toBe(0o700);
    for (const path of [environment, services, lock, join(keys, 'journal-ed25519.pem')]) {
      expect(statSync(path).mode & 0o077, path).toBe(0);
    }
  });

  it('says that the release is live already: exit 0, or 42 when asked for details', () => {
    expect(installation.ompay(['deploy'])).toMatchObject({
      exitCode: 0,
      last: { summary: expect.stringContaining('already live') },
    });
    expect(installation.ompay(['deploy', '--detailed-exitcode']).exitCode).toBe(42);
  });

  it('never makes a release live that does not boot, and says why', async () => {
    const tree = installation.tree('no-boot', {
      file: 'src/api/run.ts',
      from: 'await assertMigrated(database);',
      to: "throw new Error('built not to boot');",
    });
    const { exitCode, last } = installation.ompay(['deploy'], tree);
    expect(exitCode).toBe(5);
    expect(last.summary).toContain('built not to boot');
    expect(liveRelease()).toBe(firstRelease);
    expect((await installation.get('/health')).status).toBe(200);
  });

  it('never makes a release live that fails its smoke test', async () => {
    const tree = installation.tree('bad-fee', {
      file: 'src/api/ledger/fees.ts',
      from: '(rest * ratePpm',
      to: '(2 * rest * ratePpm',
    });
    const { exitCode, last } = installation.ompay(['deploy'], tree);
    expect(exitCode).toBe(5);
    expect(last.summary).toContain("the sender's balance: expected");
    expect(liveRelease()).toBe(firstRelease);
  });

  it('puts the old release back by itself when the new one goes bad after the switch', async () => {
    const tree = installation.tree('goes-bad', {
      file: 'src/api/run.ts',
      from: "log.info({ listen: placeOf(settings.listen) }, 'serving');",
      to: "setTimeout(() => process.exit(9), 4500);\n  log.info({ listen: placeOf(settings.listen) }, 'serving');",
    });
    const { exitCode, last } = installation.ompay(['deploy', '--bake', '8'], tree);
    expect(exitCode).toBe(5);
    expect(last.summary).toMatch(/died|not answered rightly/);
    expect(liveRelease()).toBe(firstRelease);
    expect((await installation.get('/health')).status).toBe(200);
  });

  it('deploys a changed release beside the old one, which stays warm', () => {
    const tree = installation.tree('second', {
      file: 'src/api/main.ts',
      from: 'await runApi(',
      to: "process.title = 'second';\n  await runApi(",
    });
    expect(installation.ompay(['deploy', '--bake', '1'], tree)).toMatchObject({
      exitCode: 0,
      last: { data: { previous: firstRelease, failedRequests: 0 } },
    });
    expect(installation.ompay(['releases', '--json']).stdout).toContain('warm');
  });

  it('rolls back to the warm release, and to a named one', () => {
    const second = liveRelease();
    expect(installation.ompay(['rollback'])).toMatchObject({
      exitCode: 0,
      last: { data: { release: firstRelease } },
    });
    expect(liveRelease()).toBe(firstRelease);
    expect(installation.ompay(['rollback', String(second).slice(0, 6)]).exitCode).toBe(0);
    expect(liveRelease()).toBe(second);
    expect(installation.ompay(['rollback', 'ffffffff'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('ompay releases'),
    });
    expect(installation.ompay(['rollback']).exitCode).toBe(0);
  });

  it('lets one of two deploys at once go on, and tells the other who holds the lock', async () => {
    const tree = installation.tree('third', {
      file: 'src/api/main.ts',
      from: 'await runApi(',
      to: "process.title = 'third';\n  await runApi(",
    });
    const both = [
      installation.start(['deploy', '--bake', '1'], tree),
      installation.start(['deploy', '--bake', '1'], tree),
    ];
    const codes = await Promise.all(both.map(exitCodeOf));
    expect(codes.sort()).toEqual([0, 4]);
  });

  it('makes a distributor with a float, once', () => {
    const words = [
      'api',
      'distributor',
      'create',
      '--phone',
      '771112233',
      '--name',
      'Boutique Ndar',
      '--float',
      '1000000',
      '--json',
    ];
    const made = installation.ompay(words);
    expect(made).toMatchObject({
      exitCode: 0,
      last: { created: true, telephone: '771112233', password: expect.any(String) },
    });
    expect(installation.ompay(words).last).toMatchObject({ created: false });
    expect(installation.ompay([...words.slice(0, -2), '0'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--float'),
    });
  });

  it('shows the messages that the API sent', () => {
    const messages = eventsIn(installation.ompay(['api', 'outbox', '--json', '--last', '5']).stdout);
    expect(messages.length).toBeGreaterThan(0);
    expect(messages[0]).toMatchObject({ channel: 'sms', body: expect.any(String) });
  });

  it('stops and comes back with what was live', async () => {
    const before = liveRelease();
    expect(installation.ompay(['down']).exitCode).toBe(0);
    await expect(installation.get('/health')).rejects.toThrow();
    expect(installation.ompay(['status']).exitCode).toBe(6);
    expect(installation.ompay(['up']).exitCode).toBe(0);
    expect((await installation.get('/health')).status).toBe(200);
    expect(liveRelease()).toBe(before);
  });

  it('leaves a journal that verifies, and no secret in what it wrote', () => {
    expect(installation.ompay(['audit', 'verify']).exitCode).toBe(0);
    const key = parseEnv(readFileSync(installation.layout.environment, 'utf8')).APP_KEY ?? 'missing';
    const otps = eventsIn(installation.ompay(['api', 'outbox', '--json', '--last', '100']).stdout).flatMap(
      ({ body }) => String(body).match(/\b\d{6}\b/g) ?? [],
    );
    expect(otps.length).toBeGreaterThan(0);
    for (const path of textsUnder(installation)) {
      const text = readFileSync(path, 'utf8');
      expect(text.includes(key), `${path} holds APP_KEY`).toBe(false);
      for (const otp of otps)
        expect(
          new RegExp(`\\b${otp}\\b`).test(text.replace(/[0-9a-f]{32,}/g, '')),
          `${path} holds a one-time code`,
        ).toBe(false);
    }
  });

  it('finds nothing wrong when asked', () => {
    expect(installation.ompay(['doctor']).exitCode).toBe(0);
    expect(installation.ompay(['migrate', 'status']).stdout).toContain('0001');
    expect(installation.ompay(['migrate', 'up']).stdout).toContain('up to date');
    expect(installation.ompay(['migrate', 'contract', '0001']).exitCode).toBe(2);
    expect(installation.ompay(['backup', 'list', '--json']).last).toMatchObject({
      engine: 'pglite',
      method: 'online',
    });
  });
});
