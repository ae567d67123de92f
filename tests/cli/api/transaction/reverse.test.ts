import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../fixtures/folder.ts';
import { ompay } from '../../../fixtures/ompay.ts';

const REVERSE = ['api', 'transaction', 'reverse'];

test('a transfer is not undone without a reference and a reason', { timeout: 60_000 }, async () => {
  const root = temporaryFolder();
  const commands = [
    [...REVERSE, '--reason', 'a mistake'],
    [...REVERSE, 'TXN1'],
    [...REVERSE, 'TXN1', '--reason', ' '],
    [...REVERSE, 'TXN1', '--reason', 'x'.repeat(501)],
  ];
  for (const command of commands) expect((await ompay(root, ...command)).exitCode, command.join(' ')).toBe(2);
});

test('where nothing is deployed there is nothing to undo', { timeout: 60_000 }, async () => {
  const { exitCode, stderr } = await ompay(temporaryFolder(), ...REVERSE, 'TXN1', '--reason', 'a mistake');
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('nothing is deployed')]);
});
