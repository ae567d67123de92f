import { expect, test } from 'vitest';
import { localLayout } from '../../src/core/layout.ts';
import { hostNames, labId, labIdOf, labNames, readHostNames } from '../../src/lab/names.ts';
import { readWantedHosts, shownHosts } from '../../src/lab/wanted.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const id = labId(localLayout('/srv/ompay'));

test('a lab has the same id each time, and two folders have two', () => {
  expect(id).toMatch(/^[0-9a-f]{6}$/);
  expect(labId(localLayout('/srv/ompay'))).toBe(id);
  expect(labId(localLayout('/srv/ompay2'))).not.toBe(id);
});

test('names of interfaces fit into the 15 bytes that Linux gives them, also those of the fiftieth host', () => {
  expect(labNames(id).bridge.length).toBeLessThanOrEqual(15);
  expect(hostNames(id, 'web50', 49).link.length).toBeLessThanOrEqual(15);
});

test('every name of a lab is known for its own, and no name of others is', () => {
  const { bridge, prefix, relayGroup, upGroup } = labNames(id);
  const { link, machine } = hostNames(id, 'web1', 0);
  for (const name of [bridge, prefix, relayGroup, upGroup, link, machine]) expect(labIdOf(name)).toBe(id);
  for (const name of [
    'eth0',
    'docker0',
    'ompay',
    'ompay-lab',
    'ompay-lab-zz',
    'ompay-labx-123456',
    'olab12345',
    'xolab123456b',
  ])
    expect(labIdOf(name)).toBeUndefined();
});

test('hosts are read in their order', () => {
  expect(readHostNames('lb, web1,db-main')).toEqual(['lb', 'web1', 'db-main']);
});

test('a host may have a distribution of its own, and is shown as it is typed', () => {
  const hosts = readWantedHosts('lb, db1=sid,web1=bookworm', 'bookworm');
  expect(hosts.map(({ name, distribution }) => `${name} ${distribution}`)).toEqual([
    'lb bookworm',
    'db1 sid',
    'web1 bookworm',
  ]);
  expect(shownHosts(hosts, 'bookworm')).toBe('lb,db1=sid,web1');
});

test.each(['db1=', 'db1=buster', 'db1=sid=sid', '=sid'])('the host %j is refused', async (text) => {
  expect(await ompayErrorOf(() => readWantedHosts(text, 'bookworm'))).toMatchObject({ code: 'usage' });
});

test.each([
  ['', 'cannot be a host'],
  ['web1,', 'cannot be a host'],
  ['Web1', 'cannot be a host'],
  ['../web1', 'cannot be a host'],
  ['web1;true', 'cannot be a host'],
  ['-web1', 'cannot be a host'],
  [`w${'e'.repeat(20)}b`, 'cannot be a host'],
  ['web1,db1,web1', 'web1 is named twice'],
  [Array.from({ length: 51 }, (_, index) => `web${index}`).join(','), '51 hosts'],
])('the hosts %j are refused', async (text, message) => {
  const error = await ompayErrorOf(() => readHostNames(text));
  expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining(message) });
});
