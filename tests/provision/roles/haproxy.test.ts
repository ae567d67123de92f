import { expect, test } from 'vitest';
import { familyNamed } from '../../../src/provision/facts.ts';
import type { HostInput } from '../../../src/provision/input.ts';
import { haproxyRole } from '../../../src/provision/roles/haproxy.ts';
import { contentAt, settingNamed } from '../../fixtures/declared.ts';
import { provisionInput } from '../../fixtures/provision-input.ts';

const CONFIG = '/etc/haproxy/haproxy.cfg';

function resourcesOf(input: HostInput) {
  return haproxyRole.resources(input, familyNamed('debian'));
}

test('every web host is asked over TLS, believed by its own name, and whether it is ready', async () => {
  const config = contentAt(resourcesOf(provisionInput('lb')), CONFIG);
  await expect(config).toMatchFileSnapshot('../../goldens/provision/haproxy.cfg');
});

test('a web host with an IPv6 address is written so that its port is known', () => {
  const { fleet } = provisionInput('lb');
  const six = fleet.map((host) => (host.name === 'web2' ? { ...host, address: 'fd00::12' } : host));
  expect(contentAt(resourcesOf(provisionInput('lb', { fleet: six })), CONFIG)).toContain(
    'server web2 [fd00::12]:443 ',
  );
});

test('the key of the site is for root alone, since HAProxy reads it before it gives root up', () => {
  expect(settingNamed(resourcesOf(provisionInput('lb')), 'is for root alone').apply.shown).toContain(
    'chmod 600',
  );
});

test('a host that is to balance and to serve is refused: both need the same ports', () => {
  const input = provisionInput('lb');
  const both = { ...input.host, roles: ['lb', 'web'] as const };
  expect(() => resourcesOf({ ...input, host: both })).toThrow('lb has the roles lb and web');
});
