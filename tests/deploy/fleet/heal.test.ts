import { expect, test } from 'vitest';
import { NOTHING_THERE } from '../../../src/core/carrier/facts.ts';
import { healingOf } from '../../../src/deploy/fleet/heal.ts';
import { serving } from './facts.ts';

test('hosts that serve one release, and hosts that serve nothing yet, need nothing', () => {
  expect(healingOf({})).toBeNull();
  expect(healingOf({ web1: serving('blue', 'a'), web2: serving('green', 'a') })).toBeNull();
  expect(healingOf({ web1: serving('blue', 'a'), web2: NOTHING_THERE })).toBeNull();
});

test('the release that most hosts serve is taken, at once where it is warm', () => {
  const facts = {
    web1: serving('green', 'new', { warm: 'old' }),
    web2: serving('blue', 'old', { warm: 'new' }),
    web3: serving('green', 'new', { warm: 'old' }),
  };
  expect(healingOf(facts)).toEqual({
    release: 'new',
    targets: [{ host: 'web2', slot: 'green', release: 'new' }],
    toStart: [],
  });
});

test('a release that another host does not have is not taken, though more serve it', () => {
  const facts = {
    web1: serving('green', 'new', { warm: 'old' }),
    web2: serving('green', 'new', { warm: 'old' }),
    web3: serving('blue', 'old'),
  };
  expect(healingOf(facts)?.release).toBe('old');
});

test('of as many hosts, the release that more of them have had well; then the first host’s', () => {
  const facts = {
    web1: serving('green', 'new', { warm: 'old', accepted: ['new', 'old'] }),
    web2: serving('blue', 'old', { warm: 'new', accepted: ['old'] }),
  };
  expect(healingOf(facts)?.release).toBe('old');
  const equal = { ...facts, web2: serving('blue', 'old', { warm: 'new', accepted: ['new', 'old'] }) };
  expect(healingOf(equal)?.release).toBe('new');
});

test('where it is not warm it is started first', () => {
  const facts = {
    web1: serving('green', 'new', { warm: 'old', has: ['new', 'old'] }),
    web2: serving('blue', 'old', { has: ['new', 'old'] }),
  };
  expect(healingOf(facts)?.toStart).toEqual([{ host: 'web2', slot: 'green', release: 'new' }]);
});
