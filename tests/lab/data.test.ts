import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readKeyPair } from '../../src/provision/ca/pem.ts';
import { generateAgeKey } from '../../src/store/repository/age.ts';
import { type Ended, labAbsent, type TestLab, testLab } from '../fixtures/lab.ts';

const absent = labAbsent();
if (absent !== undefined) process.stderr.write(`no lab is made: ${absent}\n`);

const OPS = resolve(import.meta.dirname, '../../src/api/ops-main.ts');
/** MySQL 9.7 is in sid alone, and its image takes minutes to make: OMPAY_LAB_MYSQL=1 tests it in MariaDB's place. */
const isMysql = process.env.OMPAY_LAB_MYSQL === '1';
const client = isMysql ? 'mysql' : 'mariadb';
const WORDS = ['--only', 'authority,mysql,mariadb,redis,exporters', '--hosts', 'db1,redis1'];
const PROVISION_MS = 400_000;

const ymlOf = (recipient: string): string => `base:
  app: { environment: staging, url: https://api.ompay.test }
  database: { connection: ${client}, name: ompay_lab, user: ompay }
  redis: { use: [cache, sessions, queue], tls: true }
  tls: { email: ops@ompay.test }
  variables: { SMS_GATEWAY_URL: "https://sms.example.test/send" }
  recipients: { test: ${recipient} }
environments:
  lab:
    hosts:
      db1: { memory_mb: 1024 }
      redis1: { memory_mb: 512 }
`;

describe.skipIf(absent !== undefined)('hosts that hold data', () => {
  let lab: TestLab;
  let folder: string;

  beforeAll(async () => {
    lab = testLab();
    folder = mkdtempSync(join(tmpdir(), 'ompay-data-test-'));
    const { identity, recipient } = await generateAgeKey();
    process.env.OMPAY_AGE_IDENTITY = identity.reveal();
    writeFileSync(join(lab.root, 'ompay.yml'), ymlOf(recipient));
    const hosts = isMysql ? 'web1,db1=sid,redis1' : 'web1,db1,redis1';
    expect(lab.ompay('lab', 'up', '--hosts', hosts)).toMatchObject({ exitCode: 0 });
    for (const name of ['APP_KEY', 'DB_PASSWORD', 'REDIS_PASSWORD'])
      expect(lab.ompay('secrets', 'rotate', '-e', 'lab', '--new', name)).toMatchObject({ exitCode: 0 });
    spawnSync(
      resolve(import.meta.dirname, '../../bin/ompay'),
      ['-C', lab.root, 'secrets', 'set', 'SMS_GATEWAY_TOKEN', '-e', 'lab'],
      { input: 'token-of-a-test\n' },
    );
  });

  afterAll(() => {
    delete process.env.OMPAY_AGE_IDENTITY;
    lab.end();
    rmSync(folder, { recursive: true, force: true });
    expect(lab.left()).toEqual([]);
  });

  const provision = (): string => {
    const { exitCode, stdout, stderr } = lab.ompay('provision', '-e', 'lab', ...WORDS);
    const last = stdout.trimEnd().split('\n').at(-1) ?? '';
    expect({ exitCode, last, stderr }).toMatchObject({ exitCode: 0 });
    return last;
  };

  /** A release's own commands in the network of a host, with its names: what the API there would be answered. */
  const asFrom = (host: string, words: readonly string[], edit = (text: string): string => text): Ended => {
    const path = (name: string): string => join(folder, name);
    expect(lab.ompay('config', '-e', 'lab', '--write', path('env')).exitCode).toBe(0);
    const text = readFileSync(path('env'), 'utf8').replaceAll('/etc/ompay/tls/ca.pem', path('ca.pem'));
    writeFileSync(path('env'), edit(text), { mode: 0o600 });
    const authority = readKeyPair(readFileSync(join(lab.root, '.ompay/ca/lab/authority.pem'), 'utf8'));
    writeFileSync(path('ca.pem'), authority?.certificatePem ?? '');
    writeFileSync(path('hosts'), lab.ssh('web1', 'cat /etc/hosts').stdout);
    const mounted = [
      'unshare',
      '--mount',
      'sh',
      '-c',
      'mount --bind "$1" /etc/hosts && shift && exec "$@"',
      'sh',
    ];
    const run = [path('hosts'), process.execPath, OPS, ...words, '--environment', path('env')];
    const { status, stdout, stderr } = spawnSync(
      'nsenter',
      [`--net=/run/netns/ompay-lab-${lab.id}-${host}`, ...mounted, ...run],
      { encoding: 'utf8', timeout: 60_000 },
    );
    return { exitCode: status, stdout, stderr };
  };

  test('are provisioned from bare ones, and then nothing is left to do', {
    timeout: 2 * PROVISION_MS,
  }, () => {
    expect(provision()).toContain('setting the database, its users and their rights');
    expect(provision()).toContain('db1 as declared, redis1 as declared');
  });

  test('serve the migrations of a release and its Redis over TLS, to a web host', () => {
    expect(JSON.parse(asFrom('web1', ['migrate', 'up']).stdout)).toMatchObject({
      applied: ['0001', '0002', '0003', '0004'],
    });
    expect(JSON.parse(asFrom('web1', ['ping']).stdout)).toMatchObject({
      database: { ok: true },
      redis: { ok: true },
    });
  });

  test('refuse what is not encrypted, and who is no web host', () => {
    const plain = asFrom('web1', ['ping'], (text) => text.replace('DB_TLS=true', 'DB_TLS=false'));
    expect(plain.stdout).toMatch(/"ok":false|error/);
    expect(asFrom('redis1', ['ping']).stdout).toMatch(/"ok":false|not allowed to connect/);
    expect(
      asFrom('web1', ['ping'], (text) => text.replace('REDIS_TLS=true', 'REDIS_TLS=false')).stdout,
    ).toContain('"redis":{"ok":false');
  });

  test('have drifts found and mended: variables, users, rights, files, services', {
    timeout: 2 * PROVISION_MS,
  }, () => {
    const sql =
      "set global sync_binlog = 0; set global log_bin_trust_function_creators = 0; create user ''@'%'; grant all on *.* to ompay@$from";
    expect(
      lab.ssh(
        'db1',
        `from=$(getent hosts web1 | cut -d' ' -f1); echo "${sql.replace('$from', "'$from'")}" | sudo ${client}`,
      ).exitCode,
    ).toBe(0);
    expect(
      lab.ssh(
        'redis1',
        'echo "user evil on nopass +@all ~*" | sudo tee -a /etc/redis/users.acl && sudo systemctl stop redis-server',
      ).exitCode,
    ).toBe(0);
    expect(lab.ompay('provision', '-e', 'lab', '--detect-drift', ...WORDS).exitCode).toBe(8);
    expect(provision()).toContain('db1 2 changes');
    expect(
      lab.ssh(
        'db1',
        `sudo ${client} -NBe 'select @@global.sync_binlog, count(*) from mysql.user where user = ""'`,
      ).stdout,
    ).toBe('1\t0\n');
  });

  test('keep what they were told over a restart', () => {
    expect(
      lab.ssh('db1', `sudo systemctl kill -s KILL ${client}; sudo systemctl start ${client}`).exitCode,
    ).toBe(0);
    expect(lab.ssh('redis1', 'sudo systemctl restart redis-server').exitCode).toBe(0);
    expect(JSON.parse(asFrom('web1', ['migrate', 'up']).stdout)).toMatchObject({ applied: [] });
  });
});
