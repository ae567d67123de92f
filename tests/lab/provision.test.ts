import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reachableAfter, spring } from '../../bench/lockout/spring.ts';
import { type Ended, labAbsent, type TestLab, testLab } from '../fixtures/lab.ts';
import { drawn } from '../fixtures/provision-drifts.ts';

const absent = labAbsent();
if (absent !== undefined) process.stderr.write(`no lab is made: ${absent}\n`);

const ROLES = 'base,mounts,login,sysctl,journald,upgrades,audit,fail2ban,app,integrity,ssh,firewall';
const GUARD_SECONDS = 60;
/** Short, as it is waited for. */
const TRAP_GUARD_SECONDS = 15;
const DRIFTS = 20;

describe.skipIf(absent !== undefined)('provisioning two hosts', () => {
  let lab: TestLab;
  const provision = (...words: readonly string[]): Ended =>
    lab.ompay('provision', '-e', 'lab', '--only', ROLES, '--guard', String(GUARD_SECONDS), ...words);
  const inHost = (host: string, line: string): Ended =>
    lab.ompay('lab', 'exec', host, '--', 'sh', '-c', line);

  beforeAll(() => {
    lab = testLab();
    expect(lab.ompay('lab', 'up', '--hosts', 'web1,db1').exitCode).toBe(0);
  });

  afterAll(() => {
    lab.end();
    expect(lab.left()).toEqual([]);
  });

  test('what --plan predicts is what changes, all of it and nothing else; then there is nothing to do', () => {
    const plan = provision('--plan', '--json');
    expect(plan).toMatchObject({ exitCode: 0, stderr: '' });
    const predicted = new Map(
      lines(plan.stdout).map(({ host, changes }) => [host, changes.map(({ resource }) => resource)]),
    );
    expect(provision('--detect-drift').exitCode).toBe(8);
    const done = provision();
    expect(done).toMatchObject({ exitCode: 0, stderr: '' });
    for (const [host, { changed, unpredicted }] of Object.entries(hostsIn(done.stdout))) {
      expect(changed).toEqual(predicted.get(host));
      expect(unpredicted).toEqual([]);
    }
    const again = provision();
    expect(Object.values(hostsIn(again.stdout)).map(({ changed }) => changed)).toEqual([[], []]);
    expect(provision('--detect-drift').exitCode).toBe(0);
  }, 600_000);

  test('twenty random drifts are found and mended', () => {
    const seed = randomInt(2 ** 31);
    const drifts = drawn(DRIFTS, seed);
    const makeAll = drifts.map(
      ({ make }) => `( ${make} ) >/dev/null 2>&1 || echo "not made: ${make.replaceAll('"', '')}"`,
    );
    expect(inHost('web1', makeAll.join('\n')).stdout, `seed ${seed}`).toBe('');
    expect(provision('--detect-drift').exitCode).toBe(8);
    expect(provision(), `seed ${seed}`).toMatchObject({ exitCode: 0 });
    const lookAll = drifts.map(
      ({ mended }) => `( ${mended} ) >/dev/null 2>&1 || echo "not mended: ${mended.replaceAll('"', '')}"`,
    );
    expect(inHost('web1', lookAll.join('\n')).stdout, `seed ${seed}`).toBe('');
    expect(provision('--detect-drift').exitCode).toBe(0);
  }, 300_000);

  test.each([
    ['sshd denies the operator', 'stays'],
    ['sshd listens elsewhere', 'killed at the knock'],
    ['the firewall knows nobody', 'killed at the knock'],
  ] as const)(
    '%s, the operator %s: the host puts the old state back and lets in again',
    async (trap, ending) => {
      const { exitCode } = await spring({
        root: lab.root,
        host: 'web1',
        trap,
        ending,
        guardSeconds: TRAP_GUARD_SECONDS,
      });
      expect(exitCode).not.toBe(0);
      expect(await reachableAfter({ root: lab.root, host: 'web1' }, 60)).not.toBeNull();
      await expect
        .poll(() => inHost('web1', 'ls /var/lib/ompay/guard/*/restore').exitCode, { timeout: 60_000 })
        .not.toBe(0);
      expect(provision('--detect-drift', '--hosts', 'web1')).toMatchObject({ exitCode: 0 });
    },
    180_000,
  );

  test('a host that is cut off is named with its step, and the other is left as it is', () => {
    expect(inHost('web1', 'rm /etc/issue.net').exitCode).toBe(0);
    expect(lab.ompay('lab', 'cut', 'db1').exitCode).toBe(0);
    const ended = provision();
    expect(lab.ompay('lab', 'join', 'db1').exitCode).toBe(0);
    expect(ended.exitCode).toBe(7);
    expect(ended.stdout).toMatch(/looking at db1: .*nothing was changed on web1/);
    expect(inHost('web1', 'test -e /etc/issue.net').exitCode).not.toBe(0);
  }, 180_000);

  test('an unknown distribution is refused by name', () => {
    const keep = 'cp -L /etc/os-release /var/tmp/os-release && rm /etc/os-release';
    expect(
      inHost('db1', `${keep} && printf 'ID=alpine\nPRETTY_NAME="Alpine 3.20"\n' >/etc/os-release`).exitCode,
    ).toBe(0);
    const ended = provision('--plan');
    expect(inHost('db1', 'cp /var/tmp/os-release /etc/os-release').exitCode).toBe(0);
    expect(ended).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('db1: Alpine 3.20 is no distribution'),
    });
  });

  test('a package manager that another holds is named, and the other host is done', () => {
    expect(inHost('web1', 'dpkg -r acct').exitCode).toBe(0);
    inHost(
      'web1',
      `python3 -c 'import fcntl,os,time
if os.fork(): os._exit(0)
os.setsid()
for n in range(3): os.dup2(os.open("/dev/null", os.O_RDWR), n)
f = open("/var/lib/dpkg/lock-frontend", "w"); fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(30)'`,
    );
    const ended = provision('--wait', '5');
    expect(ended.exitCode).toBe(5);
    expect(ended.stdout).toMatch(
      /could not install acct on web1: [\s\S]*held by process[\s\S]*; db1 is as declared/,
    );
  }, 180_000);

  test('a host whose key is another is not talked to', () => {
    const path = join(lab.root, '.ompay/lab/known_hosts');
    const known = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      known
        .split('\n')
        .filter((line) => !line.startsWith('db1'))
        .join('\n'),
    );
    const ended = provision('--plan');
    writeFileSync(path, known);
    expect(ended).toMatchObject({
      exitCode: 7,
      stderr: expect.stringMatching(/looking at db1: .*not trusted/),
    });
  });
});

function lines(stdout: string): readonly { host: string; changes: readonly { resource: string }[] }[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

interface HostChanges {
  readonly changed: readonly string[];
  readonly unpredicted: readonly string[];
}

/** What the last event of a run says of each host. */
function hostsIn(stdout: string): Readonly<Record<string, HostChanges>> {
  const last = stdout.trimEnd().split('\n').at(-1) ?? '{}';
  const event: { data: { hosts: Record<string, HostChanges> } } = JSON.parse(last);
  return event.data.hosts;
}
