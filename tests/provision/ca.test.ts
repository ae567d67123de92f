import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { localLayout } from '../../src/core/layout.ts';
import { localHost } from '../../src/host/local.ts';
import { authorityFolder, fleetCertificates, type HostCertificate } from '../../src/provision/ca.ts';

const DAY_MS = 86_400_000;
const hosts = [
  { name: 'db1', address: '127.0.0.1' },
  { name: 'web1', address: 'fd00:0:0::12' },
];

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ompay-ca-test-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const fleetAt = (daysLater: number, environment = 'staging') => ({
  layout: localLayout(root),
  environment,
  machine: localHost(),
  nowMs: systemClock.now() + daysLater * DAY_MS,
});
const certificateOf = (map: ReadonlyMap<string, HostCertificate>, name: string): HostCertificate => {
  const found = map.get(name);
  if (found === undefined) throw new Error(`no certificate of ${name}`);
  return found;
};
/** The first thing that a client hears, or the reason why it does not listen. */
const answerTo = async (server: HostCertificate, asked: { ca: string; servername: string }) => {
  const listening = createServer({ key: server.key.reveal(), cert: server.certificatePem }, (socket) =>
    socket.end('hello'),
  );
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const address = listening.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const said = new Promise<string>((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, ...asked });
    socket.on('data', (data) => resolve(data.toString()));
    socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message));
  });
  return said.finally(() => listening.close());
};

test('a client that has the authority believes a host by its name, and nobody else', async () => {
  const fleet = fleetAt(0);
  const db1 = certificateOf(await fleetCertificates(fleet, hosts), 'db1');
  const other = certificateOf(await fleetCertificates(fleetAt(0, 'production'), hosts), 'db1');
  expect(await answerTo(db1, { ca: db1.authorityPem, servername: 'db1' })).toBe('hello');
  expect(await answerTo(db1, { ca: db1.authorityPem, servername: 'web1' })).toBe(
    'ERR_TLS_CERT_ALTNAME_INVALID',
  );
  expect(await answerTo(db1, { ca: other.authorityPem, servername: 'db1' })).toMatch(
    /VERIFY|SELF_SIGNED|ISSUER/,
  );
});

test('a certificate names its host and address, lasts 397 days, and its authority twenty years', async () => {
  const web1 = certificateOf(await fleetCertificates(fleetAt(0), hosts), 'web1');
  const certificate = new X509Certificate(web1.certificatePem);
  const days = (pem: string): number => {
    const { validFrom, validTo } = new X509Certificate(pem);
    return Math.round((Date.parse(validTo) - Date.parse(validFrom)) / DAY_MS);
  };
  expect(certificate.checkHost('web1')).toBe('web1');
  expect(certificate.checkIP('fd00::12')).toBe('fd00::12');
  expect(certificate.ca).toBe(false);
  expect(certificate.checkPrivateKey(createPrivateKey(web1.key.reveal()))).toBe(true);
  expect([days(web1.certificatePem), days(web1.authorityPem)]).toEqual([397, 7300]);
});

test('it is kept until 60 days before its end, and made anew then, by the same authority', async () => {
  const first = await fleetCertificates(fleetAt(0), hosts);
  const early = await fleetCertificates(fleetAt(336), hosts);
  const late = await fleetCertificates(fleetAt(338), hosts);
  const pem = (map: ReadonlyMap<string, HostCertificate>) => certificateOf(map, 'db1').certificatePem;
  expect(pem(early)).toBe(pem(first));
  expect(pem(late)).not.toBe(pem(first));
  expect(certificateOf(late, 'db1').authorityPem).toBe(certificateOf(first, 'db1').authorityPem);
});

test('a host that moves, and an authority that is another, have their certificates made anew', async () => {
  const pemOf = async (address: string) =>
    certificateOf(await fleetCertificates(fleetAt(0), [{ name: 'db1', address }]), 'db1').certificatePem;
  const before = await pemOf('10.0.0.1');
  expect(await pemOf('10.0.0.1')).toBe(before);
  const moved = await pemOf('10.0.0.2');
  expect(new X509Certificate(moved).subjectAltName).toBe('DNS:db1, IP Address:10.0.0.2');
  rmSync(join(authorityFolder(fleetAt(0)), 'authority.pem'));
  expect(new X509Certificate(await pemOf('10.0.0.2')).fingerprint256).not.toBe(
    new X509Certificate(moved).fingerprint256,
  );
});

test('keys are for their owner alone, and nothing of them stays elsewhere', async () => {
  await fleetCertificates(fleetAt(0), hosts);
  const folder = authorityFolder(fleetAt(0));
  const files = ['authority.pem', 'hosts/db1.pem', 'hosts/web1.pem'].map((name) => join(folder, name));
  expect(files.map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
  expect([folder, join(folder, 'hosts')].map((each) => statSync(each).mode & 0o777)).toEqual([0o700, 0o700]);
  const left = ['/dev/shm', tmpdir()]
    .flatMap((each) => readdirSync(each))
    .filter((name) => name.startsWith(`ompay-ca.${process.pid}-`));
  expect(left).toEqual([]);
});

test('two commands that begin at once have one authority', async () => {
  const [one, two] = await Promise.all([
    fleetCertificates(fleetAt(0), hosts),
    fleetCertificates(fleetAt(0), hosts),
  ]);
  expect(certificateOf(one, 'db1').authorityPem).toBe(certificateOf(two, 'db1').authorityPem);
});

test('an authority that is damaged, or ends before what it would issue, is refused with its path', async () => {
  await fleetCertificates(fleetAt(0), hosts);
  const path = join(authorityFolder(fleetAt(0)), 'authority.pem');
  await expect(fleetCertificates(fleetAt(7300 - 396), hosts)).rejects.toMatchObject({
    code: 'stateUnusable',
  });
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, 200));
  await expect(fleetCertificates(fleetAt(0), hosts)).rejects.toThrow(path);
});
