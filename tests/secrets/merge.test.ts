import { expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { mergeSecrets } from '../../src/secrets/merge.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

function secrets(values: Readonly<Record<string, string>>) {
  return new Map(Object.entries(values).map(([name, value]) => [name, new Secret(value)]));
}

function merged(...sides: readonly [Record<string, string>, Record<string, string>, Record<string, string>]) {
  const [before, edited, now] = sides.map(secrets);
  const empty = new Map<string, Secret>();
  const result = mergeSecrets({ before: before ?? empty, edited: edited ?? empty, now: now ?? empty });
  return Object.fromEntries([...result].map(([name, value]) => [name, value.reveal()]));
}

test('what others did meanwhile stays, and what was edited comes upon it', () => {
  expect(merged({ A: '1', B: '1' }, { A: '2', B: '1' }, { A: '1', B: '9', C: '9' })).toEqual({
    A: '2',
    B: '9',
    C: '9',
  });
  expect(merged({ A: '1', B: '1' }, { B: '1' }, { A: '1', B: '2' })).toEqual({ B: '2' });
  expect(merged({ A: '1' }, { A: '1' }, {})).toEqual({});
});

test('the same done by both is no clash; something else is, by its name alone', async () => {
  expect(merged({ A: '1' }, { A: '2' }, { A: '2' })).toEqual({ A: '2' });
  const error = await ompayErrorOf(() => merged({ A: '1', B: '1' }, { A: 'x', B: 'y' }, { A: 'z' }));
  expect(error).toMatchObject({ code: 'stateUnusable', message: 'meanwhile someone else changed A, B too' });
});
