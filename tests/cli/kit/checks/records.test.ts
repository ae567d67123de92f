import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { logTail } from '../../../../src/cli/kit/checks/records.ts';
import { localLayout } from '../../../../src/core/layout.ts';
import { temporaryFolder } from '../../../fixtures/folder.ts';
import { ompayErrorOf } from '../../../fixtures/thrown.ts';

function layoutWith(logs: Readonly<Record<string, string>>) {
  const layout = localLayout(temporaryFolder());
  mkdirSync(layout.logs, { recursive: true });
  for (const [name, text] of Object.entries(logs)) writeFileSync(join(layout.logs, name), text);
  return layout;
}

test('right after a log was moved aside its older lines are read too, oldest first', () => {
  const layout = layoutWith({
    'blue.log.2': 'too old\n',
    'blue.log.1': 'an error\n',
    'blue.log': 'a line\n',
    'green.log': 'of another slot\n',
  });
  expect(logTail(layout, 'blue').filter((line) => line !== '')).toEqual(['an error', 'a line']);
});

test('a log that was never moved aside is read alone, and a slot without one is told', async () => {
  const layout = layoutWith({ 'blue.log': 'a line\n' });
  expect(logTail(layout, 'blue').filter((line) => line !== '')).toEqual(['a line']);
  expect(await ompayErrorOf(() => logTail(layout, 'green'))).toMatchObject({
    code: 'notFound',
    message: expect.stringContaining('green has no log'),
  });
});
