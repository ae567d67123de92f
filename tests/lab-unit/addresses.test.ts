import { expect, test } from 'vitest';
import { freeSubnet, gatewayOf, labHosts, relayAddress, subnetsIn } from '../../src/lab/addresses.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

test('bridge, relays and hosts do not share an address', () => {
  const hosts = labHosts(
    7,
    Array.from({ length: 50 }, (_, index) => ({ name: `web${index}`, distribution: 'sid' as const })),
  ).map(({ address }) => address);
  const all = [gatewayOf(7), ...[0, 1, 2, 3].map((index) => relayAddress(7, index)), ...hosts];
  expect(new Set(all).size).toBe(all.length);
  expect(all.every((address) => /^10\.77\.7\.\d+$/.test(address))).toBe(true);
});

test('subnets are taken by addresses, by routes and by routes to several', () => {
  const shown = `2: eth0    inet 192.168.10.77/24 brd 192.168.10.255
7: olab0b    inet 10.77.170.1/24 scope global olab0b
10.77.3.0/24 via 192.168.10.1 dev eth0
10.77.32.0/20 dev tun0
local 10.77.9.5 dev lo`;
  expect([...subnetsIn(shown)].sort((a, b) => a - b)).toEqual([
    3,
    9,
    ...Array.from({ length: 16 }, (_, index) => 32 + index),
    170,
  ]);
});

test('a route to the whole range leaves nothing free', () => {
  expect(subnetsIn('10.77.0.0/16 dev tun0').size).toBe(256);
});

test('the first free subnet from the place of the id is chosen, around the end', () => {
  expect(freeSubnet('0000ff', new Set())).toBe(255);
  expect(freeSubnet('0000ff', new Set([255, 0]))).toBe(1);
});

test('no free subnet is said', async () => {
  const all = new Set(Array.from({ length: 256 }, (_, index) => index));
  expect(await ompayErrorOf(() => freeSubnet('0000ff', all))).toMatchObject({ code: 'stateUnusable' });
});
