import { expect, test } from 'vitest';
import { API_ERRORS } from '../../../src/api/errors.ts';
import { environmentNamed, parseProject } from '../../../src/config/yml/project.ts';
import { familyNamed } from '../../../src/provision/facts.ts';
import type { HostInput } from '../../../src/provision/input.ts';
import { nginxRole } from '../../../src/provision/roles/nginx.ts';
import { contentAt, fileAt, packagesIn } from '../../fixtures/declared.ts';
import { provisionInput, ROCKY } from '../../fixtures/provision-input.ts';

const SITE = '/etc/nginx/conf.d/ompay.conf';
const GOLDENS = '../../goldens/provision';

function resourcesOf(input: HostInput) {
  return nginxRole.resources(input, familyNamed(input.facts.family));
}

/** web1 without a load balancer, so that it faces the world. */
function alone(change: Partial<HostInput> = {}): HostInput {
  const { fleet } = provisionInput('web1');
  return provisionInput('web1', { fleet: fleet.filter(({ name }) => name !== 'lb'), ...change });
}

test('behind a load balancer a web host shows the certificate of the fleet and believes its word on the client', async () => {
  const resources = resourcesOf(provisionInput('web1'));
  await expect(contentAt(resources, SITE)).toMatchFileSnapshot(`${GOLDENS}/nginx-behind-lb.conf`);
  expect(fileAt(resources, '/etc/ompay/tls/fleet.pem').mode).toBe(0o600);
});

test('alone it reads the certificate at each handshake and believes nobody', async () => {
  const { facts } = alone();
  const resources = resourcesOf(alone({ facts: { ...facts, version: '13', codename: 'trixie' } }));
  const site = contentAt(resources, SITE);
  await expect(site).toMatchFileSnapshot(`${GOLDENS}/nginx-alone.conf`);
  expect(site).not.toContain('set_real_ip_from');
});

test('HTTP/2, refused handshakes and brotli are said as the nginx of the distribution knows them', () => {
  const { facts } = alone();
  const siteOn = (distribution: string, version: string): string =>
    contentAt(resourcesOf(alone({ facts: { ...facts, distribution, version } })), SITE);
  expect(siteOn('debian', '12')).toContain('listen 443 ssl http2;');
  expect(siteOn('debian', '')).toContain('http2 on;');
  expect(siteOn('ubuntu', '24.04')).toContain('ssl_reject_handshake on;');
  expect(siteOn('debian', '11')).not.toContain('ssl_reject_handshake');
  expect(siteOn('debian', '11')).not.toContain('brotli');
  const rocky = resourcesOf(alone({ facts: ROCKY }));
  expect(packagesIn(rocky)).not.toContain('libnginx-mod-http-brotli-filter');
  expect(contentAt(rocky, '/etc/nginx/nginx.conf')).toContain('user nginx;');
});

test('a site that is an address has no other names to refuse', () => {
  const yml = `
environments:
  staging:
    app: { environment: staging, url: https://192.0.2.7 }
    database: { connection: mysql }
    hosts: { web1: { address: 192.0.2.7, roles: [web] } }
`;
  const config = environmentNamed(parseProject('/ompay.yml', [{ name: 'ompay.yml', text: yml }]), 'staging');
  const site = contentAt(resourcesOf(alone({ config })), SITE);
  expect(site).toContain('listen 443 ssl http2 default_server;');
  expect(site).not.toContain('return 444;');
});

test('what nginx answers itself has the words of the API', () => {
  const site = contentAt(resourcesOf(provisionInput('web1')), SITE);
  for (const name of ['routeNotFound', 'bodyTooLarge', 'rateLimited', 'databaseAway'] as const) {
    const { status, number, code, fr } = API_ERRORS[name];
    const message = fr.replace('{seconds}', '1').replaceAll("'", "\\'");
    expect(site).toContain(
      `return ${status} '{"success":false,"message":"${message}","error_code":${number},"code":"${code}",`,
    );
  }
});
