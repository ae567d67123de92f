import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { environmentNamed, parseProject } from '../../src/config/yml/project.ts';
import { SETTINGS } from '../../src/config/yml/settings.ts';
import { localLayout } from '../../src/core/layout.ts';
import { labHosts } from '../../src/lab/addresses.ts';
import { environmentText, knownHostsText, roleOf, sshConfigText } from '../../src/lab/environment.ts';
import { labFiles } from '../../src/lab/names.ts';
import { readRecord, recordText } from '../../src/lab/record.ts';
import type { Lab } from '../../src/lab/types.ts';
import { readWantedHosts } from '../../src/lab/wanted.ts';

const files = labFiles(localLayout('/srv/my ompay'));
const lab: Lab = {
  id: '0a1b2c',
  distribution: 'trixie',
  subnet: 7,
  disks: 'copy',
  mirrors: { main: 'http://deb.example/debian', security: '' },
  hosts: labHosts(7, readWantedHosts('lb,web1', 'trixie')),
};

test('the environment `lab` names each host with what opens it', async () => {
  await expect(environmentText(lab, files)).toMatchFileSnapshot('../goldens/lab/environment.yml');
});

test('the environment is one of ompay.yml', () => {
  const own = labFiles(localLayout('/srv/ompay'));
  const text = environmentText(lab, own);
  const read = environmentNamed(
    parseProject('/srv/ompay/ompay.yml', [{ name: 'environment.yml', text }]),
    'lab',
  );
  expect(read.value(SETTINGS.knownHosts)).toBe(own.knownHosts);
  expect(read.hosts).toEqual(
    lab.hosts.map(({ name, address }) => ({
      name,
      address,
      port: 22,
      user: 'debian',
      keyPath: own.key,
      jump: null,
      fingerprint: null,
      memoryMb: null,
      roles: [name === 'lb' ? 'lb' : 'web'],
    })),
  );
});

test.each([
  ['lb', 'lb'],
  ['web12', 'web'],
  ['db-1', 'db'],
  ['redis1', 'redis'],
  ['backup', 'backup'],
  ['anything', 'web'],
])('the role of %s is %s', (name, role) => {
  expect(roleOf({ name, index: 0, address: '', distribution: 'trixie' })).toBe(role);
});

test('known_hosts has a line a host, under its name and its address, without the comment', () => {
  const keys = { lb: 'ssh-ed25519 AAAA lb\n', web1: 'ssh-ed25519 BBBB web1\n' };
  expect(knownHostsText(lab, keys)).toBe(
    'lb,10.77.7.11 ssh-ed25519 AAAA\nweb1,10.77.7.12 ssh-ed25519 BBBB\n',
  );
});

test('ssh_config knows each host and trusts no other key, also in a folder with a space', () => {
  const text = sshConfigText(lab, files);
  expect(text).toContain('Host web1\n  HostName 10.77.7.12\n');
  expect(text).toContain('IdentityFile "/srv/my ompay/.ompay/lab/key"');
  expect(text).toContain('StrictHostKeyChecking yes');
});

describe('the record', () => {
  const layout = localLayout(mkdtempSync(join(tmpdir(), 'ompay-record-')));
  const { record } = labFiles(layout);
  const keep = (text: string): void => {
    mkdirSync(dirname(record), { recursive: true });
    writeFileSync(record, text);
  };
  afterAll(() => rmSync(layout.root, { recursive: true }));

  test('is read back as it was written', () => {
    keep(recordText({ ...lab, hosts: labHosts(7, readWantedHosts('lb,db1=sid', 'trixie')) }));
    expect(readRecord(labFiles(layout))?.hosts.map(({ distribution }) => distribution)).toEqual([
      'trixie',
      'sid',
    ]);
  });

  test('of a lab whose hosts all had the same is read too', () => {
    const hosts = lab.hosts.map(({ distribution: _all, ...host }) => host);
    keep(JSON.stringify({ ...lab, hosts }));
    expect(readRecord(labFiles(layout))).toEqual(lab);
  });
});
