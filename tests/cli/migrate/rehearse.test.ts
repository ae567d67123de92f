import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localLayout } from '../../../src/core/layout.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';
import { ompay } from '../../fixtures/ompay.ts';

test('where nothing was deployed a rehearsal says so, and makes nothing', async () => {
  const folder = temporaryFolder();
  expect(await ompay(folder, 'migrate', 'rehearse')).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      'error: nothing was deployed here yet, so there is no data to rehearse on\n  next: ompay deploy\n',
  });
  expect(existsSync(localLayout(folder).state)).toBe(false);
});

test('a rehearsal without its database says how to start it', async () => {
  const folder = temporaryFolder();
  const { data } = localLayout(folder);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  writeFileSync(join(data, 'PG_VERSION'), '18');
  const { exitCode, stderr } = await ompay(folder, 'migrate', 'rehearse');
  expect(exitCode).toBe(7);
  expect(stderr).toContain('the database does not run');
  expect(stderr).toContain('next: ompay up');
});
