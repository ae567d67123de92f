import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Evidence, readEvidence, writeEvidence } from '../../src/check/evidence.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const EVIDENCE: Evidence = {
  name: 'tests',
  at: '2026-01-01T00:00:00.000Z',
  subject: 'abc',
  commit: null,
  figures: { passed: 900, failed: 0 },
};

function written(): { root: string; path: string; text: string } {
  const root = temporaryFolder();
  writeEvidence(root, EVIDENCE);
  const path = join(root, '.ompay-evidence/tests.json');
  return { root, path, text: readFileSync(path, 'utf8') };
}

test('what was written is read back', () => {
  expect(readEvidence(written().root, 'tests')).toMatchObject(EVIDENCE);
  expect(readEvidence(temporaryFolder(), 'tests')).toBeUndefined();
});

test.each([
  ['a figure', (text: string) => text.replace('"failed": 0', '"failed": 1')],
  ['the source', (text: string) => text.replace('abc', 'abd')],
  ['the time', (text: string) => text.replace('2026-01', '2026-02')],
  ['the commit', (text: string) => text.replace('"commit": null', '"commit": "abc"')],
  ['its hash', (text: string) => text.replace(/"sha256": "../, '"sha256": "xx')],
  ['a missing part', (text: string) => text.replace(/\s+"figures": \{[^}]*\},/, '')],
  ['all of it', () => 'garbage'],
  ['a list', () => '[]'],
])('%s changed by hand is refused', async (_what, change) => {
  const { root, path, text } = written();
  writeFileSync(path, change(text));
  expect(await ompayErrorOf(() => readEvidence(root, 'tests'))).toMatchObject({
    code: 'stateUnusable',
    message: `${path} is not as it was written`,
    hint: expect.stringContaining(`rm '${path}'`),
  });
});

test('evidence under another name is refused', async () => {
  const { root, text } = written();
  writeFileSync(join(root, '.ompay-evidence/switch.json'), text);
  expect((await ompayErrorOf(() => readEvidence(root, 'switch'))).code).toBe('stateUnusable');
});
