import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stage, statusOf } from '../../bench/fleet/environment.ts';
import { load } from '../../bench/fleet/load.ts';
import { type Program, programOf, run } from '../../bench/fleet/program.ts';
import { askSite, handshake, type Site } from '../../bench/fleet/site.ts';
import { reachableAfter, spring } from '../../bench/lockout/spring.ts';
import { markedDown } from '../fixtures/balancer.ts';
import { changesIn, predictedIn, SITE, type TestFleet, testFleet } from '../fixtures/fleet.ts';
import { drift, leftOf, PACKAGES_HELD } from '../fixtures/fleet-drifts.ts';
import { moveMoney } from '../fixtures/fleet-money.ts';
import { type Ended, labAbsent, reaches } from '../fixtures/lab.ts';
import { drawn } from '../fixtures/provision-drifts.ts';

const absent = labAbsent();
if (absent !== undefined) process.stderr.write(`no fleet is made: ${absent}\n`);

const HOSTS = ['db1', 'lb', 'redis1', 'web1', 'web2'];
const WEB = ['web1', 'web2'];
const DRIFTS = 10;
/** Short, as it is waited for. */
const TRAP_GUARD_SECONDS = 15;
const RUN_MS = 600_000;
const LEASE_MS = 30_000;

/** One fleet for all of it, so the order counts: each test begins with a fleet that is as declared and answers. */
describe.skipIf(absent !== undefined)('a fleet of five hosts', { timeout: RUN_MS }, () => {
  let fleet: TestFleet;
  let site: Site;
  let other: Program;
  let stage: Stage;

  const ompay = (...words: readonly string[]): Ended => fleet.lab.ompay(...words, '-e', 'lab');
  const provision = (...words: readonly string[]): Ended => ompay('provision', ...words);
  const health = async (): Promise<Health> => JSON.parse((await askSite(site, '/health')).body);
  const ops = (...words: readonly string[]) => {
    const line = `${LIVE} && ./node ops.mjs ${words.join(' ')} --environment /etc/ompay/environment --user ompay`;
    return JSON.parse(fleet.asRoot('web1', line));
  };
  const liveOn = async (): Promise<readonly (string | null)[]> =>
    (await statusOf(other.path, stage)).map(({ release }) => release);

  beforeAll(async () => {
    fleet = await testFleet({
      hosts: 'lb,web1,web2,db1=sid,redis1',
      distribution: 'bookworm',
      connection: 'mysql',
      front: 'lb',
      backup: 'redis1',
    });
    other = programOf('other');
    const { root } = fleet.lab;
    const words = (...typed: readonly string[]) => ['-C', root, ...typed, '-e', 'lab'];
    stage = { folder: root, environment: 'lab', options: {}, words };
  });

  afterAll(() => {
    other?.remove();
    fleet?.end();
    expect(fleet?.lab.left()).toEqual([]);
  });

  test('is made from bare hosts by `provision`, which changes what --plan predicted and nothing else', () => {
    const plan = provision('--plan', '--json');
    expect(plan).toMatchObject({ exitCode: 0, stderr: '' });
    const done = provision();
    expect(done, done.stdout.slice(-1000)).toMatchObject({ exitCode: 0, stderr: '' });
    const hosts = changesIn(done.stdout);
    expect(new Set(Object.keys(hosts))).toEqual(new Set(HOSTS));
    for (const { host, changes } of predictedIn(plan.stdout)) {
      const predicted = changes.map(({ resource }) => resource);
      expect(hosts[host]).toEqual({ changed: predicted, unpredicted: [] });
    }
  });

  test('and `deploy`, and answers on HTTPS with a certificate from the ACME server', async () => {
    const done = ompay('deploy');
    expect(done, done.stdout.slice(-1000)).toMatchObject({ exitCode: 0, stderr: '' });
    site = fleet.site();
    expect(await health()).toMatchObject({ status: 'ok', services: { database: 'ok', redis: 'ok' } });
    const { headers } = await askSite(site, '/health');
    expect(headers).toMatchObject({
      'strict-transport-security': 'max-age=63072000; includeSubDomains',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    });
  });

  test('has nothing to be changed a second time', () => {
    const startedMs = performance.now();
    const again = provision();
    process.stderr.write(`second provision: ${Math.round(performance.now() - startedMs)} ms\n`);
    expect(again.exitCode).toBe(0);
    expect(Object.values(changesIn(again.stdout)).flatMap(({ changed }) => changed)).toEqual([]);
    expect(provision('--detect-drift').exitCode).toBe(0);
  });

  test('lets people log in and move money through the load balancer', async () => {
    expect(await moveMoney(site, ops, String(randomInt(2 ** 31)))).toMatchObject({
      shown: 'debits = credits',
    });
  });

  test('shows the world its ports and its name alone', async () => {
    const seen = await Promise.all(
      HOSTS.flatMap((name) =>
        PORTS.map(async (port) => ((await reaches(fleet.address(name), port)) ? [`${name} ${port}`] : [])),
      ),
    );
    expect(seen.flat()).toEqual(['db1 22', 'lb 22', 'lb 80', 'lb 443', 'redis1 22', 'web1 22', 'web2 22']);
    expect(await handshake(site, 'TLSv1.2')).toMatchObject({ protocol: 'TLSv1.2' });
    expect(await handshake(site, 'TLSv1.1')).toBe('refused');
    expect(await handshake({ ...site, name: 'other.test' })).toBe('refused');
    expect((await askSite(site, '/health', { headers: { host: 'other.test' } })).statusCode).toBe(421);
    expect((await askSite(site, '/metrics')).statusCode).toBe(404);
    const verdict = fleet.asRoot(
      'web1',
      'systemd-analyze security ompay-api@blue.service --no-pager | tail -n 1',
    );
    expect(Number(/([\d.]+) /.exec(verdict.replace(/^.*: /, ''))?.[1])).toBeLessThanOrEqual(1.5);
  });

  test('gives data to web hosts alone, encrypted alone; the host of backups reads the database', () => {
    const ping = (edit: string): string =>
      fleet.asRoot(
        'web1',
        `f=$(mktemp) && sed '${edit}' /etc/ompay/environment >$f && ${LIVE} && { ./node ops.mjs ping --environment $f; rm $f; }`,
      );
    expect(JSON.parse(ping(''))).toMatchObject({ database: { ok: true }, redis: { ok: true } });
    expect(ping('s/^DB_TLS=.*/DB_TLS=false/')).toMatch(/"database":\{"ok":false|"error"/);
    expect(ping('s/^REDIS_TLS=.*/REDIS_TLS=false/')).toContain('"redis":{"ok":false');
    const connect = (from: string, to: string, port: number): string =>
      fleet.asRoot(from, `timeout 2 bash -c 'echo >/dev/tcp/${to}/${port}' 2>&1 && echo open || echo closed`);
    expect(connect('web2', 'db1', 3306)).toBe('open\n');
    expect(connect('lb', 'db1', 3306)).toMatch(/closed\n$/);
    expect(connect('redis1', 'db1', 3306)).toBe('open\n');
    const asked = `select host from mysql.user where user = 'ompay_backup'; select plugin_status from information_schema.plugins where plugin_name in ('clone', 'rpl_semi_sync_source')`;
    const told = fleet.asRoot('db1', `mysql -NBe "${asked}"`).trim();
    expect(told.split('\n')).toEqual([fleet.address('redis1'), 'ACTIVE', 'ACTIVE']);
    expect(connect('lb', 'redis1', 6379)).toMatch(/closed\n$/);
  });

  test('fails no request while it gets another release, another certificate, and goes back', async () => {
    const [before, { release: first }] = [await handshake(site), await health()];
    const users = load({ urls: [`https://${SITE}`], connections: 4, pauseMs: 50, address: site.address });
    const deployed = await run(other.path, stage.words('deploy', '--bake', '2'));
    const { release: second } = await health();
    const renewed = await fleet.lab.start('lab', 'exec', 'lb', '--', 'sh', '-c', RENEW);
    const back = await run(other.path, stage.words('rollback'));
    const { requests, failed, failures } = users.take();
    await users.stop();
    expect(deployed).toMatchObject({ exitCode: 0 });
    expect(second).not.toBe(first);
    expect(renewed).toBe(0);
    expect(await handshake(site)).not.toEqual(before);
    expect(back).toMatchObject({ exitCode: 0 });
    process.stderr.write(`rollback: ${Math.round(back.tookMs)} ms, ${failed} of ${requests} failed\n`);
    expect((await health()).release).toBe(first);
    expect({ failed, failures }).toEqual({ failed: 0, failures: {} });
    expect(requests).toBeGreaterThan(200);
  });

  test('goes on to serve when the load balancer finds no host well', async () => {
    const marked = markedDown(fleet, WEB);
    try {
      expect(marked.count()).toBe(2);
      expect((await askSite(site, '/health')).statusCode).toBe(200);
    } finally {
      marked.end();
    }
    expect((await askSite(site, '/health')).statusCode).toBe(200);
  });

  test('is taken into maintenance and out of it, and tells people in their words', async () => {
    expect(ompay('maintenance', 'on', '--message', 'Retour à 23 h.')).toMatchObject({ exitCode: 0 });
    const { statusCode, headers, body } = await askSite(site, '/api/ompay/balance');
    expect({ statusCode, retry: headers['retry-after'] }).toEqual({ statusCode: 503, retry: '120' });
    expect(JSON.parse(body)).toMatchObject({
      code: 'maintenance',
      message: expect.stringMatching(/^Retour à 23 h\. OMPAY est en maintenance/),
    });
    expect((await askSite(site, '/health')).statusCode).toBe(200);
    expect(ompay('maintenance', 'off')).toMatchObject({ exitCode: 0 });
    expect((await askSite(site, '/api/ompay/balance')).statusCode).toBe(401);
  });

  test('runs a command on all hosts, and tells the logs of all by their times', () => {
    const exec = fleet.lab.ompay('exec', '-e', 'lab', '--role', 'web', '--', 'hostname; exit 3');
    expect(exec).toMatchObject({
      exitCode: 6,
      stdout: expect.stringMatching(/web1[\s\S]*web2|web2[\s\S]*web1/),
    });
    const told = ompay('logs', '--lines', '5').stdout.trimEnd().split('\n');
    // What follows a line of its own (a stack) has no time.
    const times = told.flatMap((line) => /\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(line)?.[0] ?? []);
    expect(times).toEqual(times.toSorted());
    for (const name of HOSTS) expect(told.some((line) => line.startsWith(name))).toBe(true);
  });

  test('has drifts found, and mended', () => {
    const seed = randomInt(2 ** 31);
    const drifts = drawn(DRIFTS, seed);
    expect(drift(fleet, drifts), `seed ${seed}`).toBe('');
    expect(provision('--detect-drift').exitCode).toBe(8);
    const done = provision();
    expect(done, `seed ${seed}: ${done.stdout.slice(-1000)}`).toMatchObject({ exitCode: 0 });
    expect(leftOf(fleet, drifts), `seed ${seed}`).toEqual([]);
    expect(provision('--detect-drift').exitCode).toBe(0);
  });

  test('goes back as one when a web host is cut off in the switch, and the next run brings one version', async () => {
    const { release: first } = await health();
    let cutting: Promise<unknown> | undefined;
    const cut = await run(other.path, stage.words('deploy', '--bake', '3'), ({ type, step }) => {
      if (type === 'step-started' && step.startsWith('switch-'))
        cutting ??= fleet.lab.start('lab', 'cut', 'web2');
    });
    await cutting;
    expect(cut).toMatchObject({ exitCode: 5 });
    await expect.poll(async () => (await health().catch(() => NO_ANSWER)).release, PATIENCE).toBe(first);
    expect(fleet.lab.ompay('lab', 'join', 'web2').exitCode).toBe(0);
    await expect
      .poll(async () => (await statusOf(other.path, stage)).some(({ isLocked }) => isLocked), PATIENCE)
      .toBe(false);
    expect(await liveOn()).toEqual([first, first]);
    expect(await run(other.path, stage.words('deploy', '--bake', '1'))).toMatchObject({ exitCode: 0 });
    const [second, alike] = await liveOn();
    expect(second).not.toBe(first);
    expect(alike).toBe(second);
  });

  test.each([
    ['sshd denies the operator', 'stays'],
    ['the firewall knows nobody', 'killed at the knock'],
  ] as const)(
    '%s, the operator %s: the host puts the old state back and lets in again',
    async (trap, ending) => {
      const at = { root: fleet.lab.root, host: 'web1' };
      const { exitCode } = await spring({ ...at, trap, ending, guardSeconds: TRAP_GUARD_SECONDS });
      expect(exitCode).not.toBe(0);
      expect(await reachableAfter(at, 60)).not.toBeNull();
      const kept = () =>
        fleet.lab.ompay('lab', 'exec', 'web1', '--', 'sh', '-c', 'ls /var/lib/ompay/guard/*/restore');
      await expect.poll(() => kept().exitCode, PATIENCE).not.toBe(0);
      expect(provision('--detect-drift', '--hosts', 'web1')).toMatchObject({ exitCode: 0 });
    },
  );

  test('names a host that cannot be provisioned with its step, and leaves the others as they are', () => {
    fleet.asRoot('web1', 'rm /etc/issue.net');
    expect(fleet.lab.ompay('lab', 'cut', 'db1').exitCode).toBe(0);
    const cut = provision();
    expect(fleet.lab.ompay('lab', 'join', 'db1').exitCode).toBe(0);
    expect(cut.exitCode).toBe(7);
    expect(cut.stdout).toMatch(/looking at db1: .*nothing was changed on .*web1/);
    expect(fleet.asRoot('web1', 'test -e /etc/issue.net || echo gone')).toBe('gone\n');

    const keep = 'cp -L /etc/os-release /var/tmp/os-release && rm /etc/os-release';
    fleet.asRoot('web2', `${keep} && printf 'ID=alpine\\nPRETTY_NAME="Alpine 3.20"\\n' >/etc/os-release`);
    const unknown = provision('--plan');
    fleet.asRoot('web2', 'cp /var/tmp/os-release /etc/os-release');
    expect(unknown).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('web2: Alpine 3.20 is no'),
    });

    const path = join(fleet.lab.root, '.ompay/lab/known_hosts');
    const known = readFileSync(path, 'utf8');
    writeFileSync(path, known.replaceAll(/^redis1.*\n/gm, ''));
    const strange = provision('--plan');
    writeFileSync(path, known);
    expect(strange).toMatchObject({
      exitCode: 7,
      stderr: expect.stringMatching(/looking at redis1: .*not trusted/),
    });
  });

  test('waits for a package manager that another holds, names it, and does the other hosts', () => {
    fleet.asRoot('web1', 'dpkg -r acct >/dev/null');
    fleet.asRoot('web1', PACKAGES_HELD);
    const ended = provision('--wait', '5');
    expect(ended.exitCode).toBe(5);
    expect(ended.stdout).toMatch(
      /could not install acct on web1: [\s\S]*held by process[\s\S]*; db1, lb, redis1, web2 are as declared/,
    );
  });
});

const PORTS = [22, 80, 443, 3306, 6379, 9100, 9104, 9113, 14_000, 33_060] as const;
const LIVE = 'cd /opt/ompay/slots/$(readlink /var/lib/ompay/live)';
const PATIENCE = { timeout: LEASE_MS, interval: 500 };
const NO_ANSWER = { release: 'none' };

/** As the timer does when the certificate is near its end. */
const RENEW = `sed 's/^days=.*/days=3650/; s/third=.*/third=999999999/' /usr/local/lib/ompay/certificate >/run/renew && sh /run/renew renew`;

interface Health {
  readonly release: string;
}
