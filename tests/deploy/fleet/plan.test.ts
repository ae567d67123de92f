import { expect, test } from 'vitest';
import { NOTHING_THERE } from '../../../src/core/carrier/facts.ts';
import { deployPlansOf, rollbackPlansOf } from '../../../src/deploy/fleet/deploy.ts';
import type { Shipment } from '../../../src/deploy/ship/plan.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { planText } from '../../../src/plan/text.ts';
import { serving } from './facts.ts';

const CHOICES = { bakeMs: 10_000, keep: 5 };
const sha256 = '0'.repeat(64);
const SHIPMENT: Shipment = {
  manifest: {
    format: 1,
    id: '0a1b2c3d4e5f',
    version: '1.0.0',
    sha256,
    builtAt: '2026-11-23T00:00:00.000Z',
    commit: null,
    node: '24.21.0',
    newestMigration: '0004',
    files: [],
    runtime: { sha256, platform: 'linux-x64' },
  },
  agent: {
    id: 'aaaaaaaaaaaa',
    file: { path: 'agent.mjs', content: Buffer.alloc(0), sha256 },
    runtimeSha256: sha256,
  },
  runtime: { sha256, version: '24.21.0', platform: 'linux-x64', path: '/node', sizeBytes: 1 },
};

function text(plans: readonly Plan[]): string {
  return plans.map(planText).join('\n');
}

test('the first deploy to two hosts', async () => {
  const plans = deployPlansOf({ web1: NOTHING_THERE, web2: NOTHING_THERE }, SHIPMENT, CHOICES);
  await expect(text(plans)).toMatchFileSnapshot('../../goldens/deploy/fleet-first.txt');
});

test('of many hosts one logs out, after all others: it ends the sessions of all', () => {
  const hosts = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, NOTHING_THERE]));
  const stages = deployPlansOf(hosts, SHIPMENT, CHOICES).flatMap((plan) => plan.stages);
  const smokes = stages.map(({ steps }) => steps.filter(({ id }) => id.startsWith('smoke-')));
  const told = smokes.filter((steps) => steps.length > 0).map((steps) => steps.map(({ title }) => title));
  expect(told.slice(1)).toEqual([
    ['balance, in one session (b)', 'balance, in one session (c)'],
    ['balance, in one session, log out (d)'],
  ]);
});

test('a rollback to a release that is warm everywhere', async () => {
  const warm = { warm: 'bbbbbbbbbbbb', has: ['cccccccccccc', 'bbbbbbbbbbbb'] };
  const facts = { web1: serving('green', 'cccccccccccc', warm), web2: serving('blue', 'cccccccccccc', warm) };
  await expect(text(rollbackPlansOf(facts, undefined, CHOICES))).toMatchFileSnapshot(
    '../../goldens/deploy/fleet-rollback.txt',
  );
});

test('a rollback to a release that is not warm verifies, starts and watches it', () => {
  const facts = { web1: serving('blue', 'ccc', { has: ['ccc', 'bbb'] }) };
  const names = rollbackPlansOf(facts, 'bbb', CHOICES).map(({ name }) => name);
  expect(names).toEqual(['lock', 'verify', 'prepare', 'switch', 'unlock']);
});

test('hosts that differ are made one first; a host that serves the release already is left alone', () => {
  const old = '0a1b2c3d4e5f';
  const split = {
    web1: serving('blue', old, { warm: 'b', has: [old, 'b'] }),
    web2: serving('green', 'b', { warm: old, has: [old, 'b'] }),
  };
  const plans = deployPlansOf(split, SHIPMENT, CHOICES);
  expect(plans.map(({ name }) => name)).toContain('heal');
  const started = plans.find(({ name }) => name === 'prepare')?.stages[0]?.steps.map(({ on }) => on);
  expect(started).toEqual(['web2']);
});

test('when all serve it already, nothing is prepared', () => {
  const facts = { web1: serving('blue', '0a1b2c3d4e5f'), web2: serving('green', '0a1b2c3d4e5f') };
  const names = deployPlansOf(facts, SHIPMENT, CHOICES).map(({ name }) => name);
  expect(names).toEqual(['look', 'ship', 'lock', 'preflight', 'unlock']);
});
