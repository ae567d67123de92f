import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { labAbsent, reaches, statesIn, type TestLab, testLab } from '../fixtures/lab.ts';

const absent = labAbsent();
if (absent !== undefined) process.stderr.write(`no lab is made: ${absent}\n`);

describe.skipIf(absent !== undefined)('a lab of two hosts', () => {
  let lab: TestLab;
  let addresses: Record<string, string>;

  beforeAll(() => {
    lab = testLab();
    const up = lab.ompay('lab', 'up', '--hosts', 'web1,db1');
    expect(up.stderr).toBe('');
    expect(up.exitCode).toBe(0);
    addresses = Object.fromEntries(
      [
        ...readFileSync(join(lab.root, '.ompay/lab/ssh_config'), 'utf8').matchAll(
          /^Host (\w+)\n\s+HostName (.+)$/gm,
        ),
      ].map(([, name, address]) => [String(name), String(address)]),
    );
  });

  afterAll(() => {
    lab.end();
    expect(lab.left()).toEqual([]);
  });

  test('the written key opens each host, whose own key is known, and sudo asks for nothing', () => {
    for (const host of ['web1', 'db1']) {
      const seen = lab.ssh(
        host,
        'hostname; id --user --name; sudo -n id --user --name; systemctl is-system-running --wait',
      );
      expect(seen).toMatchObject({ exitCode: 0, stdout: `${host}\ndebian\nroot\nrunning\n` });
    }
    expect(statSync(join(lab.root, '.ompay/lab/key')).mode & 0o777).toBe(0o600);
  });

  test('the environment `lab` is there for the other commands', () => {
    const config = lab.ompay('config', '-e', 'lab', '--json');
    expect(config).toMatchObject({ exitCode: 0, stderr: '' });
    for (const address of Object.values(addresses)) expect(config.stdout).toContain(address);
  });

  test('hosts know each other by name', () => {
    expect(lab.ssh('web1', 'getent hosts db1')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(addresses.db1 ?? 'none'),
    });
  });

  test('a second up boots nothing', () => {
    const up = lab.ompay('lab', 'up', '--hosts', 'web1,db1');
    expect(up.exitCode).toBe(0);
    expect(up.stdout).not.toContain('"step":"boot-');
  });

  test('a lab is not made another while it lives', () => {
    const up = lab.ompay('lab', 'up', '--hosts', 'web1,db1,web2');
    expect(up.exitCode).toBe(2);
    expect(up.stderr).toContain('this lab is made of web1,db1 on bookworm');
    expect(up.stderr).toContain('ompay lab down');
  });

  test('exec gives the output and the exit code of the command', () => {
    const words = ['sh', '-c', 'echo "$1"; echo two >&2; exit 41', 'sh', "it's one"];
    expect(lab.ompay('lab', 'exec', 'web1', '--', ...words)).toEqual({
      exitCode: 41,
      stdout: "it's one\n",
      stderr: 'two\n',
    });
    expect(lab.ompay('lab', 'exec', 'web9', '--', 'true')).toMatchObject({ exitCode: 2 });
  });

  test("the services of one host are not another's", () => {
    expect(lab.ompay('lab', 'exec', 'web1', '--', 'systemctl', 'stop', 'ssh').exitCode).toBe(0);
    const status = lab.ompay('lab', 'status', '--json');
    expect(statesIn(status)).toEqual({ web1: 'silent', db1: 'up' });
    expect(status.exitCode).toBe(7);
    expect(lab.ompay('lab', 'exec', 'web1', '--', 'systemctl', 'start', 'ssh').exitCode).toBe(0);
    expect(lab.ompay('lab', 'status').exitCode).toBe(0);
  });

  test('a host that is cut off is reached by nobody and reaches nobody, until it is joined', async () => {
    expect(lab.ompay('lab', 'cut', 'db1').exitCode).toBe(0);
    expect(statesIn(lab.ompay('lab', 'status', '--json'))).toEqual({ web1: 'up', db1: 'cut' });
    expect(await reaches(addresses.db1 ?? '', 22)).toBe(false);
    const ask = (address: string): string[] => ['timeout', '3', 'bash', '-c', `echo >/dev/tcp/${address}/22`];
    expect(lab.ompay('lab', 'exec', 'web1', '--', ...ask(addresses.db1 ?? '')).exitCode).toBe(124);
    expect(lab.ompay('lab', 'exec', 'db1', '--', ...ask(addresses.web1 ?? '')).exitCode).not.toBe(0);
    expect(lab.ompay('lab', 'join', 'db1').exitCode).toBe(0);
    expect(await reaches(addresses.db1 ?? '', 22)).toBe(true);
    expect(lab.ompay('lab', 'exec', 'web1', '--', ...ask(addresses.db1 ?? '')).exitCode).toBe(0);
    expect(lab.ompay('lab', 'exec', 'db1', '--', ...ask(addresses.web1 ?? '')).exitCode).toBe(0);
  });

  test('a host that stopped comes back with its disk', async () => {
    expect(lab.ssh('web1', 'echo kept >kept && sync').exitCode).toBe(0);
    lab.ompay('lab', 'exec', 'web1', '--', 'systemctl', 'poweroff', '--no-block');
    await expect
      .poll(() => statesIn(lab.ompay('lab', 'status', '--json')), { timeout: 60_000 })
      .toEqual({ web1: 'stopped', db1: 'up' });
    expect(lab.ompay('lab', 'exec', 'web1', '--', 'true')).toMatchObject({
      exitCode: 7,
      stderr: expect.stringContaining('web1 does not run'),
    });
    expect(lab.ompay('lab', 'up').exitCode).toBe(0);
    expect(lab.ssh('web1', 'cat kept')).toMatchObject({ exitCode: 0, stdout: 'kept\n' });
  });

  test('packages come from the archive, and nothing else is reached', () => {
    const update = lab.ssh('web1', 'sudo apt-get update');
    expect(update).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Reading package lists') });
    expect(lab.ssh('web1', 'timeout 3 bash -c "echo >/dev/tcp/192.0.2.1/80"').exitCode).not.toBe(0);
  });

  test('two more labs that are made at once have their own addresses, and go alone', async () => {
    const others = [testLab(), testLab()];
    try {
      const codes = await Promise.all(others.map((other) => other.start('lab', 'up', '--hosts', 'web1')));
      expect(codes).toEqual([0, 0]);
      const seen = others.map((other) => other.ssh('web1', 'ip -4 -brief address show eth0').stdout);
      expect(new Set([addresses.web1, ...seen.map((text) => /10\.77\.\d+\.\d+/.exec(text)?.[0])]).size).toBe(
        3,
      );
    } finally {
      for (const other of others) other.end();
    }
    expect(others.flatMap((other) => other.left())).toEqual([]);
    expect(lab.ompay('lab', 'status').exitCode).toBe(0);
  });
});
