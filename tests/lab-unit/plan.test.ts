import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { localLayout } from '../../src/core/layout.ts';
import { labHosts } from '../../src/lab/addresses.ts';
import type { LabFacts } from '../../src/lab/facts.ts';
import { execLine } from '../../src/lab/machines.ts';
import { labId, labNames } from '../../src/lab/names.ts';
import { downPlan, upPlan } from '../../src/lab/plan.ts';
import { relaysOf } from '../../src/lab/relays.ts';
import { seedFiles } from '../../src/lab/seed.ts';
import { distributionsOf, type Lab } from '../../src/lab/types.ts';
import { readWantedHosts } from '../../src/lab/wanted.ts';
import { stepsOf } from '../../src/plan/plan.ts';
import { planText } from '../../src/plan/text.ts';

const lab: Lab = {
  id: labId(localLayout('/srv/ompay')),
  distribution: 'bookworm',
  subnet: 7,
  disks: 'overlay',
  mirrors: { main: 'http://deb.example/debian', security: 'http://security.example/debian-security' },
  hosts: labHosts(7, readWantedHosts('lb,web1', 'bookworm')),
};

const nothing: LabFacts = {
  cgroups: '/sys/fs/cgroup',
  missingBases: ['bookworm'],
  running: new Set(),
  isDescribed: false,
  orphans: [],
};

test('the first up and down of a lab', async () => {
  const text = [upPlan(lab, { ...nothing, orphans: ['0a1b2c'] }), downPlan()].map(planText).join('\n');
  await expect(text).toMatchFileSnapshot('../goldens/lab/first.txt');
});

test('only what is missing is made', () => {
  const facts = { ...nothing, missingBases: [], isDescribed: true, running: new Set(['lb']) };
  const ids = stepsOf(upPlan(lab, facts)).map(({ id }) => id);
  expect(ids.filter((id) => id.startsWith('base'))).toEqual([]);
  expect(ids.filter((id) => id.startsWith('boot-'))).toEqual(['boot-web1']);
});

test('a host of another distribution has its own image, its own archive, and no security archive where there is none', () => {
  const mixed = { ...lab, hosts: labHosts(7, readWantedHosts('web1, db1=sid', 'bookworm')) };
  const facts = { ...nothing, missingBases: distributionsOf(mixed) };
  const steps = stepsOf(upPlan(mixed, facts));
  expect(steps.map(({ id }) => id)).toEqual(expect.arrayContaining(['base-bookworm', 'base-sid']));
  const boots = steps.flatMap(({ id, action }) =>
    id.startsWith('boot-') && action.kind === 'exec' ? [/lab\/(\w+)\.1 /.exec(action.line.text)?.[1]] : [],
  );
  expect(boots).toEqual(['bookworm', 'sid']);
  const keys = { authorized: '', hostPrivate: '', hostPublic: '' };
  const sources = mixed.hosts.map(
    (host) => seedFiles(mixed, host, keys).find(({ path }) => path === 'etc/apt/sources.list')?.content,
  );
  expect(sources).toEqual([
    'deb http://deb.example/debian bookworm main\ndeb http://security.example/debian-security bookworm-security main\n',
    'deb http://deb.example/debian sid main\n',
  ]);
});

test('a lab that was whole once is not taken away when a later up fails', () => {
  const undos = (facts: LabFacts) => stepsOf(upPlan(lab, facts)).filter(({ undo }) => undo !== undefined);
  expect(undos(nothing)).toHaveLength(1);
  expect(undos({ ...nothing, isDescribed: true })).toHaveLength(0);
});

test.each(['overlay', 'copy'] as const)(
  'each line of an up with disks of kind %s is one that a shell can read',
  (disks) => {
    for (const { action } of stepsOf(upPlan({ ...lab, disks }, nothing))) {
      if (action.kind !== 'exec') continue;
      expect(spawnSync('sh', ['-n', '-c', action.line.text], { encoding: 'utf8' })).toMatchObject({
        status: 0,
        stderr: '',
      });
    }
  },
);

test('the words of a command reach the host as they were typed', () => {
  const host = lab.hosts[1] ?? { name: '', index: 0, address: '', distribution: 'bookworm' };
  const { text } = execLine(lab, host, '/sys/fs/cgroup', ['echo', '$HOME; rm -rf /', "it's"]);
  // nsenter is put aside: its own arguments end where env's begin.
  const run = spawnSync('sh', ['-c', text.replace(/^nsenter .*? --wd /, '')], { encoding: 'utf8', cwd: '/' });
  expect(run.stdout).toBe("$HOME; rm -rf / it's\n");
});

test('two servers have an address each, and hosts know them by name', () => {
  expect(relaysOf(lab).map(({ address }) => address)).toEqual(['10.77.7.2', '10.77.7.3']);
  const one = {
    ...lab,
    mirrors: { main: 'http://a.example/debian', security: 'https://a.example/security' },
  };
  expect(relaysOf(one).map(({ address, port }) => `${address}:${port}`)).toEqual([
    '10.77.7.2:80',
    '10.77.7.2:443',
  ]);
});

test('a host is seeded with its names, its keys and its archives', () => {
  const host = lab.hosts[1] ?? { name: '', index: 0, address: '', distribution: 'bookworm' };
  const keys = {
    authorized: 'ssh-ed25519 A lab\n',
    hostPrivate: 'PRIVATE',
    hostPublic: 'ssh-ed25519 B web1\n',
  };
  const seed = seedFiles(lab, host, keys);
  const contentOf = (path: string): string => seed.find((file) => file.path === path)?.content ?? '';
  expect(contentOf('etc/hostname')).toBe('web1\n');
  expect(contentOf('etc/hosts').split('\n')).toEqual(
    expect.arrayContaining([
      '10.77.7.11 lb',
      '10.77.7.12 web1',
      '10.77.7.2 deb.example',
      '10.77.7.3 security.example',
    ]),
  );
  expect(contentOf('home/debian/.ssh/authorized_keys')).toBe(keys.authorized);
  expect(seed.filter(({ content }) => content === 'PRIVATE').map(({ mode }) => mode)).toEqual([0o600]);
  const other = seedFiles(lab, lab.hosts[0] ?? host, keys).find(({ path }) => path === 'etc/machine-id');
  expect(contentOf('etc/machine-id')).toMatch(/^[0-9a-f]{32}\n$/);
  expect(other?.content).not.toBe(contentOf('etc/machine-id'));
});

test('what is removed is named by the lab alone', () => {
  const { folder, linkPrefix, prefix } = labNames(lab.id);
  for (const name of [folder, linkPrefix, prefix]) expect(name).toContain(lab.id);
});
