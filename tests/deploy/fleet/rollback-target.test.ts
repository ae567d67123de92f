import { expect, test } from 'vitest';
import { NOTHING_THERE } from '../../../src/core/carrier/facts.ts';
import { rollbackTarget } from '../../../src/deploy/fleet/rollback-target.ts';
import { serving } from './facts.ts';

const both = {
  web1: serving('green', 'ccc', { warm: 'bbb', has: ['ccc', 'bbb', 'aaa'] }),
  web2: serving('blue', 'ccc', { warm: 'bbb', has: ['ccc', 'bbb', 'aaa'] }),
};

test('without a name, the release that was live before', () => {
  expect(rollbackTarget(both, undefined)).toBe('bbb');
});

test('by the beginning of a name that all hosts have', () => {
  expect(rollbackTarget(both, 'aa')).toBe('aaa');
  const web3 = serving('blue', 'ccc', { has: ['ccc', 'bbb'] });
  expect(() => rollbackTarget({ ...both, web3 }, 'aa')).toThrow('on all hosts: ccc, bbb');
  expect(() => rollbackTarget(both, '')).toThrow('more than one release begins with ""');
});

test('where hosts serve several, the oldest of them: a rollback that was killed is finished', () => {
  const split = { ...both, web2: serving('green', 'bbb', { warm: 'ccc', has: ['ccc', 'bbb', 'aaa'] }) };
  expect(rollbackTarget(split, undefined)).toBe('bbb');
});

test('before the first deploy, and without an earlier release, there is nowhere to go', () => {
  expect(() => rollbackTarget({ web1: NOTHING_THERE }, undefined)).toThrow('no release is live');
  expect(() => rollbackTarget({ web1: serving('blue', 'aaa') }, undefined)).toThrow(
    'no release that was live before',
  );
});
