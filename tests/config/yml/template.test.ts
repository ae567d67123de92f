import fc from 'fast-check';
import { expect, test } from 'vitest';
import { environmentNamed, parseProject } from '../../../src/config/yml/project.ts';
import { ROLES, SETTINGS } from '../../../src/config/yml/settings.ts';
import { ymlText } from '../../../src/config/yml/template.ts';
import { localLayout } from '../../../src/core/layout.ts';
import { environmentText } from '../../../src/lab/environment.ts';
import { labFiles } from '../../../src/lab/names.ts';
import type { Lab } from '../../../src/lab/types.ts';

const recipient = { name: 'awa', recipient: `age1${'q'.repeat(58)}` };
const ANSWERS = {
  name: 'staging',
  kind: 'staging',
  url: 'https://staging.ompay.sn',
  database: 'mysql',
  user: 'debian',
  email: 'ops@ompay.sn',
  recipient,
};

test('whatever hosts are named for whatever roles, each address is one host with all of its roles', () => {
  const address = fc.ipV4();
  const addresses = fc.dictionary(
    fc.constantFrom(...ROLES),
    fc.uniqueArray(fc.oneof(address, fc.constant('10.0.0.1')), { minLength: 1, maxLength: 4 }),
    { minKeys: 1 },
  );
  fc.assert(
    fc.property(addresses, (byRole) => {
      const text = ymlText({ ...ANSWERS, addresses: byRole });
      const { hosts, recipients } = environmentNamed(
        parseProject('ompay.yml', [{ name: 'ompay.yml', text }]),
        'staging',
      );
      expect(recipients).toEqual([recipient]);
      for (const role of ROLES)
        expect(
          hosts
            .filter(({ roles }) => roles.includes(role))
            .map((host) => host.address)
            .toSorted(),
        ).toEqual([...(byRole[role] ?? [])].toSorted());
      expect(new Set(hosts.map((host) => host.address)).size).toBe(hosts.length);
    }),
  );
});

test('what `ompay lab up` writes is an environment', () => {
  const host = { name: 'web1', address: '10.77.1.2' };
  const lab: Lab = {
    id: '0a1b2c',
    distribution: 'bookworm',
    subnet: 1,
    disks: 'copy',
    mirrors: { main: '', security: '' },
    hosts: [{ ...host, index: 0, distribution: 'bookworm' }],
  };
  const files = labFiles(localLayout('/srv/ompay'));
  const text = environmentText(lab, files);
  const config = environmentNamed(parseProject('ompay.yml', [{ name: 'lab.yml', text }]), 'lab');
  expect(config.hosts).toMatchObject([{ ...host, user: 'debian', keyPath: files.key, roles: ['web'] }]);
  expect(config.value(SETTINGS.knownHosts)).toBe(files.knownHosts);
});
