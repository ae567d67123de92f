import { expect, test } from 'vitest';
import { fail, pass, unknown } from '../../src/check/types.ts';
import { blocks, worst } from '../../src/check/verdict.ts';

test.each([
  ['pass', { local: false, staging: false, production: false }],
  ['waived', { local: false, staging: false, production: false }],
  ['unknown', { local: false, staging: false, production: true }],
  ['fail', { local: true, staging: true, production: true }],
] as const)('%s blocks: %j', (kind, expected) => {
  for (const environment of ['local', 'staging', 'production'] as const) {
    expect([environment, blocks({ kind }, { severity: 'block', environment })]).toEqual([
      environment,
      expected[environment],
    ]);
    expect(blocks({ kind }, { severity: 'warn', environment })).toBe(false);
  }
});

test('a check with several probes is as bad as its worst', () => {
  const [good, unseen, bad] = [pass('a'), unknown('why', 'hint'), fail('b', 'c', 'hint')];
  expect(worst([good, unseen, bad])).toBe(bad);
  expect(worst([bad, unseen])).toBe(bad);
  expect(worst([good, unseen])).toBe(unseen);
  expect(worst([good, pass('z')])).toEqual(pass('a; z'));
});
