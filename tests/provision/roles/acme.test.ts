import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { familyNamed } from '../../../src/provision/facts.ts';
import type { HostInput } from '../../../src/provision/input.ts';
import { acmeRole } from '../../../src/provision/roles/acme.ts';
import { contentAt } from '../../fixtures/declared.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';
import { provisionInput } from '../../fixtures/provision-input.ts';

const PROGRAM = '/usr/local/lib/ompay/certificate';
const SERVER = 'https://acme-v02.api.letsencrypt.org/directory';

function programOn(name: string, change: Partial<HostInput> = {}): string {
  return contentAt(acmeRole.resources(provisionInput(name, change), familyNamed('debian')), PROGRAM);
}

test('the program asks through HAProxy, and hands the certificate over without a reload', async () => {
  await expect(programOn('lb')).toMatchFileSnapshot('../../goldens/provision/certificate-lb.sh');
});

test('where a web host faces the world it asks through nginx', () => {
  const { fleet } = provisionInput('web1');
  const alone = { fleet: fleet.filter(({ name }) => name !== 'lb') };
  expect(acmeRole.isOn(provisionInput('web1'))).toBe(false);
  expect(acmeRole.isOn(provisionInput('web1', alone))).toBe(true);
  expect(programOn('web1', alone)).toContain('--webroot --webroot-path /var/lib/ompay/acme');
  expect(acmeRole.notes?.(provisionInput('web1', alone))).toEqual([
    expect.stringContaining('2 hosts answer to one name'),
  ]);
});

test('a server that is not public is believed by its own authority', () => {
  expect(programOn('lb', { acmeAuthorityPem: 'PEM' })).toContain(
    'REQUESTS_CA_BUNDLE=/etc/ompay/tls/acme-authority.pem timeout 240 certbot',
  );
});

// Each case makes certificates with openssl.
describe('what the program finds wrong', { timeout: 60_000 }, () => {
  let root: string;
  let live: string;

  beforeEach(() => {
    root = temporaryFolder();
    live = join(root, 'letsencrypt/live/ompay');
    for (const folder of [live, join(root, 'letsencrypt/renewal'), join(root, 'ompay/tls')])
      mkdirSync(folder, { recursive: true });
  });

  function fault() {
    const script = programOn('lb').replaceAll('/etc/', `${root}/`);
    return spawnSync('sh', ['-s', 'fault'], { input: script, encoding: 'utf8' });
  }

  function issued({ name = 'api.ompay.sn', days = 90, server = SERVER } = {}): void {
    const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days ${days} -subj /CN=x -addext subjectAltName=DNS:${name} -keyout ${live}/privkey.pem -out ${live}/cert.pem`;
    execFileSync('openssl', words.split(' '), { stdio: 'ignore' });
    copyFileSync(join(live, 'cert.pem'), join(live, 'fullchain.pem'));
    writeFileSync(join(root, 'letsencrypt/renewal/ompay.conf'), `[renewalparams]\nserver = ${server}\n`);
    const served = ['fullchain.pem', 'privkey.pem'].map((file) => readFileSync(join(live, file), 'utf8'));
    writeFileSync(join(root, 'ompay/tls/site.pem'), served.join(''));
  }

  test('nothing, when a certificate of the server for the name is there, served, and far from its end', () => {
    issued();
    expect(fault()).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  test('none, one of another name, one of another server', () => {
    expect(fault()).toMatchObject({ status: 1, stdout: 'there is no certificate\n' });
    issued({ name: 'staging.ompay.sn' });
    expect(fault()).toMatchObject({ status: 1, stdout: 'it is not for api.ompay.sn\n' });
    issued({ server: 'https://acme.example/dir' });
    expect(fault()).toMatchObject({ status: 1, stdout: `it is not from ${SERVER}\n` });
  });

  test('its end, and of a short-lived one the last third only', () => {
    issued({ days: 90 });
    expect(fault().status).toBe(0);
    issued({ days: 6 });
    expect(fault()).toMatchObject({ status: 0, stdout: '' });
    issued({ days: 90 });
    const ended = new Date(Date.now() + 61 * 86_400_000).toISOString();
    const script = programOn('lb')
      .replaceAll('/etc/', `${root}/`)
      .replace('now=$(date +%s)', `now=$(date -d ${ended} +%s)`);
    const later = spawnSync('sh', ['-s', 'fault'], { input: script, encoding: 'utf8' });
    expect(later).toMatchObject({ status: 1, stdout: expect.stringMatching(/^it ends in 2[89] days\n$/) });
  });

  test('what is served being another', () => {
    issued();
    appendFileSync(join(root, 'ompay/tls/site.pem'), 'more\n');
    expect(fault()).toMatchObject({ status: 1, stdout: 'it is not what is served\n' });
  });
});
