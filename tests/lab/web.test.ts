import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, type RequestOptions, request } from 'node:https';
import { join } from 'node:path';
import { connect, type SecureVersion } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ended, labAbsent, type TestLab, testLab } from '../fixtures/lab.ts';

const absent = labAbsent();
if (absent !== undefined) process.stderr.write(`no lab is made: ${absent}\n`);

const SITE = 'api.ompay.test';
const ROLES = 'authority,logrotate,app,nginx,haproxy,acme';
const PROVISION_MS = 400_000;

/** An ACME server on the load balancer itself, which finds the site there too. */
const PEBBLE = `set -e
echo "$(hostname -I | cut -d' ' -f1) ${SITE}" >>/etc/hosts
apt-get -q update >/dev/null
DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends pebble >/dev/null 2>&1
cat >/etc/pebble.json <<'E'
{"pebble":{"listenAddress":"127.0.0.1:14000","managementListenAddress":"127.0.0.1:15000","certificate":"/etc/pebble-cert.pem","privateKey":"/etc/pebble-key.pem","httpPort":80,"tlsPort":443,"externalAccountBindingRequired":false,"certificateValidityPeriod":7776000}}
E
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=pebble -addext subjectAltName=IP:127.0.0.1 -keyout /etc/pebble-key.pem -out /etc/pebble-cert.pem 2>/dev/null
systemd-run -q --unit=pebble -E PEBBLE_VA_NOSLEEP=1 -E PEBBLE_WFE_NONCEREJECT=0 pebble -config /etc/pebble.json
cat /etc/pebble-cert.pem`;

/** Stand for releases: say by which slot they answer, and whom they were told to answer. */
const SLOTS = `events {}
pid /run/slots.pid;
http {
  access_log off;
  default_type application/json;
  server { listen unix:/run/ompay/blue.sock; return 200 '{"slot":"blue","client":"$http_x_forwarded_for"}'; }
  server { listen unix:/run/ompay/green.sock; return 200 '{"slot":"green","client":"$http_x_forwarded_for"}'; }
}
`;

describe.skipIf(absent !== undefined)('a web host behind a load balancer', () => {
  let lab: TestLab;
  let address: string;
  let roots: string;
  const asRoot = (host: string, script: string): Ended => {
    const done = lab.ompay('lab', 'exec', host, '--', 'sh', '-c', script);
    expect(done, done.stderr).toMatchObject({ exitCode: 0 });
    return done;
  };
  const provision = (...words: readonly string[]): Ended =>
    lab.ompay('provision', '-e', 'lab', '--only', ROLES, ...words);

  beforeAll(() => {
    lab = testLab();
    expect(lab.ompay('lab', 'up', '--hosts', 'lb,web1').exitCode).toBe(0);
    const authority = join(lab.root, 'acme.pem');
    writeFileSync(authority, asRoot('lb', PEBBLE).stdout);
    writeProject(lab, authority);
    const done = provision();
    expect(done, done.stdout).toMatchObject({ exitCode: 0 });
    asRoot('web1', `cat >/etc/slots.conf <<'E'\n${SLOTS}E\nnginx -c /etc/slots.conf >/dev/null 2>&1`);
    asRoot('web1', 'ln -sfn blue /var/lib/ompay/live; systemctl start ompay-live');
    address =
      /Host lb\n\s+HostName (.+)/.exec(readFileSync(join(lab.root, '.ompay/lab/ssh_config'), 'utf8'))?.[1] ??
      '';
    roots = asRoot(
      'lb',
      'python3 -c "import ssl,urllib.request as u;print(u.urlopen(\'https://127.0.0.1:15000/roots/0\',context=ssl._create_unverified_context()).read().decode())"',
    ).stdout;
  }, PROVISION_MS);

  afterAll(() => {
    lab.end();
    expect(lab.left()).toEqual([]);
  });

  const ask = (path: string, options: RequestOptions = {}): Promise<Answer> =>
    answer({ host: address, servername: SITE, ca: roots, path, headers: { host: SITE }, ...options });

  test('answers by HTTPS with the certificate that it was given, and tells the API who asks', async () => {
    await expect.poll(async () => (await ask('/health')).status, { timeout: 20_000 }).toBe(200);
    const { headers, body } = await ask('/health', {
      headers: { host: SITE, 'x-forwarded-for': '192.0.2.1' },
    });
    const client = `${address.split('.').slice(0, 3).join('.')}.1`;
    expect(JSON.parse(body)).toEqual({ slot: 'blue', client });
    expect(headers).toMatchObject({
      'strict-transport-security': 'max-age=63072000; includeSubDomains',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    });
  });

  test('hides the metrics, and says so in the words of the API', async () => {
    const { status, body } = await ask('/metrics');
    expect(status).toBe(404);
    expect(JSON.parse(body)).toMatchObject({ success: false, code: 'route_introuvable' });
  });

  test('refuses TLS 1.1, other names and clients that name none', async () => {
    expect(await handshake(address, { servername: SITE, version: 'TLSv1.2' })).toBe('TLSv1.2');
    expect(await handshake(address, { servername: SITE, version: 'TLSv1.1' })).toBe('refused');
    expect(await handshake(address, { servername: 'other.test' })).toBe('refused');
    expect(await handshake(address, {})).toBe('refused');
    expect((await ask('/health', { headers: { host: 'other.test' } })).status).toBe(421);
  });

  test('a renewal and switches between the slots fail no request', async () => {
    const before = served(address);
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const failed: string[] = [];
    let answered = 0;
    const ends = new AbortController();
    const clients = Array.from({ length: 4 }, async () => {
      while (!ends.signal.aborted) {
        const { status } = await ask('/health', { agent });
        if (status === 200) answered += 1;
        else failed.push(String(status));
      }
    });
    const renew = lab.start('lab', 'exec', 'lb', '--', 'sh', '-c', RENEW);
    const turn = lab.start('lab', 'exec', 'web1', '--', 'sh', '-c', SWITCH);
    expect(await Promise.all([renew, turn])).toEqual([0, 0]);
    ends.abort();
    await Promise.all(clients);
    agent.destroy();
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(50);
    expect(served(address)).not.toBe(before);
  }, 60_000);

  test('has nothing to change a second time, and asks for no certificate', () => {
    const before = served(address);
    expect(provision('--detect-drift')).toMatchObject({ exitCode: 0 });
    expect(provision()).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('web1 as declared') });
    expect(served(address)).toBe(before);
  });

  test('its unit gives away little: systemd-analyze finds 1.5 at most', () => {
    const { stdout } = asRoot(
      'web1',
      'systemd-analyze security ompay-api@blue.service --no-pager | tail -n 1',
    );
    expect(Number(/([\d.]+) /.exec(stdout.replace(/^.*: /, ''))?.[1])).toBeLessThanOrEqual(1.5);
  });
});

/** As the timer does when the certificate is near its end. */
const RENEW = `sed 's/^days=.*/days=3650/; s/third=.*/third=999999999/' /usr/local/lib/ompay/certificate >/run/renew && sh /run/renew renew`;
const SWITCH =
  'for n in 1 2 3 4 5 6 7 8 9 10; do for slot in green blue; do ln -sfn $slot.sock /run/ompay/next && mv -fT /run/ompay/next /run/ompay/current.sock; sleep 0.1; done; done';

interface Answer {
  readonly status: number | string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** What went wrong counts as a status. */
function answer(options: RequestOptions): Promise<Answer> {
  return new Promise((resolve) => {
    const asked = request({ ...options, timeout: 10_000 }, (response) => {
      let body = '';
      response.on('data', (bytes: Buffer) => {
        body += bytes.toString();
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in 10 s')));
    asked.on('error', (error) => resolve({ status: error.message, headers: {}, body: '' }));
    asked.end();
  });
}

/** The protocol that was agreed on. */
function handshake(
  host: string,
  { servername, version }: { readonly servername?: string; readonly version?: SecureVersion },
): Promise<string> {
  return new Promise((resolve) => {
    const versions = version === undefined ? {} : { minVersion: version, maxVersion: version };
    const socket = connect({
      host,
      port: 443,
      rejectUnauthorized: false,
      ciphers: 'DEFAULT@SECLEVEL=0',
      servername: servername ?? '',
      ...versions,
    });
    socket.once('secureConnect', () => {
      resolve(socket.getProtocol() ?? 'none');
      socket.destroy();
    });
    socket.once('error', () => resolve('refused'));
  });
}

/** The serial number of the certificate that is shown. */
function served(address: string): string {
  const { stdout } = spawnSync('openssl', ['s_client', '-connect', `${address}:443`, '-servername', SITE], {
    input: '',
    encoding: 'utf8',
  });
  return execFileSync('openssl', ['x509', '-noout', '-serial'], { input: stdout, encoding: 'utf8' });
}

function writeProject(lab: TestLab, acmeAuthority: string): void {
  const yml = `environments:
  lab:
    app: { environment: staging, url: https://${SITE} }
    database: { connection: mysql, host: 127.0.0.1 }
    tls: { acme_url: https://127.0.0.1:14000/dir, acme_ca: ${acmeAuthority} }
    web: { requests_per_second: 10000 }
`;
  writeFileSync(join(lab.root, 'ompay.yml'), yml);
}
