import { expect, test } from 'vitest';
import { EXIT_CODE_BY_ERROR, OmpayError } from '../../src/core/errors.ts';
import { EXIT_CODE_MEANINGS, renderExitCodesDocument } from '../../src/core/exit-codes.ts';

test('docs/exit-codes.md is what the table of errors says', async () => {
  await expect(renderExitCodesDocument()).toMatchFileSnapshot('../../docs/exit-codes.md');
});

test('every error has an exit code that is explained, and none ends with 0', () => {
  for (const [name, code] of Object.entries(EXIT_CODE_BY_ERROR)) {
    expect(EXIT_CODE_MEANINGS[code], name).toBeDefined();
    expect(code, name).toBeGreaterThan(0);
  }
  expect(renderExitCodesDocument()).not.toMatch(/\|\s*\|$/m);
});

test('an error carries its name, its exit code, the next command and its cause', () => {
  const cause = new Error('EACCES');
  const error = new OmpayError('lockHeld', 'the lock is held by ana@mac', {
    hint: 'ompay lock status',
    cause,
  });
  expect(error).toMatchObject({ code: 'lockHeld', exitCode: 4, hint: 'ompay lock status', cause });
  expect(new OmpayError('usage', 'no', { hint: 'ompay --help' })).not.toHaveProperty('cause');
});
