import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { FACTS, readFacts } from '../../src/provision/facts.ts';

const BOOKWORM = `id=debian
like=
version=12
codename=bookworm
title=Debian GNU/Linux 12 (bookworm)
memory_kb=4017000
architecture=x86_64
processors=2
host=web1
clock=1790000000123
systemd=yes
apparmor=Y
`;

describe('what a host says of itself', () => {
  test('Debian, its memory in steps, its kernel and its clock', () => {
    expect(readFacts('web1', BOOKWORM)).toEqual({
      epochMs: 1_790_000_000_123,
      facts: {
        family: 'debian',
        distribution: 'debian',
        version: '12',
        codename: 'bookworm',
        title: 'Debian GNU/Linux 12 (bookworm)',
        architecture: 'x86_64',
        processors: 2,
        memoryBytes: 61 * 64 * 1024 * 1024,
        isContainer: false,
        hasAppArmor: true,
        hasSelinux: false,
        hostName: 'web1',
      },
    });
  });

  test.each([
    ['ubuntu', 'debian', '24.04', 'debian'],
    ['debian', '', '', 'debian'],
    ['rocky', 'rhel centos fedora', '9.4', 'rhel'],
    ['almalinux', 'rhel centos fedora', '8.10', 'rhel'],
    ['fedora', '', '41', 'rhel'],
  ])('%s is of a family that is provisioned', (id, like, version, family) => {
    const said = BOOKWORM.replace('id=debian\nlike=', `id=${id}\nlike=${like}`).replace(
      'version=12',
      `version=${version}`,
    );
    expect(readFacts('web1', said).facts.family).toBe(family);
  });

  test.each([
    ['alpine', '', '3.20', 'no distribution that can be provisioned'],
    ['arch', '', '', 'no distribution that can be provisioned'],
    ['centos', 'rhel fedora', '7', 'too old'],
    ['debian', '', '10', 'too old'],
    ['ubuntu', 'debian', '18.04', 'too old'],
  ])('%s %s %s is refused, by name and host, with what is allowed', (id, like, version, message) => {
    const said = BOOKWORM.replace('id=debian\nlike=', `id=${id}\nlike=${like}`).replace(
      'version=12',
      `version=${version}`,
    );
    expect(() => readFacts('web1', said)).toThrow(message);
    expect(() => readFacts('web1', said)).toThrow(/^web1: .*RHEL 8/);
  });

  test('a system that systemd does not run is refused', () => {
    expect(() => readFacts('web1', BOOKWORM.replace('systemd=yes\n', ''))).toThrow('not run by systemd');
  });

  test('the line works in a POSIX shell, and this machine is told by it', () => {
    const printed = execFileSync('/bin/sh', ['-s'], { input: FACTS.text, encoding: 'utf8' });
    const said = new Map(
      printed.split('\n').map((line): [string, string] => [line.split('=')[0] ?? '', line]),
    );
    expect(said.get('clock')).toMatch(/^clock=1\d{12}$/);
    expect(said.get('processors')).toMatch(/^processors=\d+$/);
    expect(said.get('memory_kb')).toMatch(/^memory_kb=\d+$/);
  });
});
