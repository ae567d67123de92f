import { describe, expect, test } from 'vitest';
import { familyNamed } from '../../../src/provision/facts.ts';
import { allowedOn, firewallRole } from '../../../src/provision/roles/firewall.ts';
import { backedUpInput, provisionInput, ROCKY } from '../../fixtures/provision-input.ts';

function allowed(name: string, change: Parameters<typeof provisionInput>[1] = {}): readonly string[] {
  return allowedOn(provisionInput(name, change)).map(({ port, from }) => `${port} from ${from}`);
}

const SSH = ['22 from 0.0.0.0/0', '22 from ::/0'];

describe('what may come in', () => {
  test('from outside: ssh, and http and https on what faces the world', () => {
    const web = [80, 443].flatMap((port) => [`${port} from 0.0.0.0/0`, `${port} from ::/0`]);
    expect(allowed('lb')).toEqual([...SSH, ...web]);
  });

  test('behind a load balancer web hosts answer it alone', () => {
    expect(allowed('web1')).toEqual([...SSH, '80 from 10.0.0.10', '443 from 10.0.0.10']);
  });

  test('without one a web host faces the world itself', () => {
    const { fleet } = provisionInput('web1');
    const alone = { fleet: fleet.filter(({ name }) => name !== 'lb') };
    expect(allowed('web1', alone)).toContain('443 from 0.0.0.0/0');
  });

  test('the database and Redis are for the hosts that need them, and not for themselves', () => {
    expect(allowed('db1')).toEqual([...SSH, '3306 from 10.0.0.11', '3306 from 10.0.0.12']);
    expect(allowed('redis1')).toEqual([...SSH, '6379 from 10.0.0.11', '6379 from 10.0.0.12']);
  });

  test('the host that makes backups reaches the database and Redis too, and nothing else', () => {
    const ports = allowedOn(backedUpInput('db1')).filter(({ from }) => from === '10.0.0.41');
    expect(ports).toEqual([{ port: 3306, from: '10.0.0.41' }]);
    const redis = allowedOn(backedUpInput('redis1')).filter(({ from }) => from === '10.0.0.41');
    expect(redis).toEqual([{ port: 6379, from: '10.0.0.41' }]);
    const web = allowedOn(backedUpInput('web1')).filter(({ from }) => from === '10.0.0.41');
    expect(web).toEqual([]);
  });

  test("exporters are for monitoring's networks; ssh for the operators' own", () => {
    const change = { monitoring: ['10.9.0.0/24'], ssh: { port: 2222, from: ['192.0.2.0/24'] } };
    expect(allowed('db1', change)).toEqual(
      expect.arrayContaining(['2222 from 192.0.2.0/24', '9100 from 10.9.0.0/24', '9104 from 10.9.0.0/24']),
    );
    expect(allowed('db1', change)).not.toContain('22 from 0.0.0.0/0');
  });
});

test('the RHEL family has the same as a zone of firewalld', async () => {
  const resources = firewallRole.resources(provisionInput('db1', {}, ROCKY), familyNamed('rhel'));
  const zone = resources.find((each) => each.kind === 'file');
  await expect(zone?.kind === 'file' ? zone.content : '').toMatchFileSnapshot(
    '../../goldens/provision/firewalld-db.xml',
  );
});
