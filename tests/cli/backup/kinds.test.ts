import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serversProject } from '../../fixtures/servers-project.ts';

test('what lies beside the database is kept by itself, and is no full backup', {
  timeout: 120_000,
}, async () => {
  const { root, run } = await serversProject();
  writeFileSync(join(root, '.env'), 'APP_NAME=kept\n', { mode: 0o600 });
  const created = await run(['backup', 'create', '--kind', 'files', '--json']);
  expect(created).toMatchObject({ stderr: '', exitCode: 0 });
  const { id } = JSON.parse(created.stdout);
  expect(JSON.parse((await run(['backup', 'list', '--json'])).stdout)).toMatchObject({ id, kind: 'files' });
  expect((await run(['backup', 'show', id])).stdout).toContain('files');
  const verified = await run(['backup', 'verify', '--all', '--level', '4']);
  expect(verified.stdout).toContain('good to level 4');
  const pruned = await run(['backup', 'prune', '--plan']);
  expect(pruned.stdout).toContain(`files:\n  keep    ${id}  one of the newest`);
  expect(pruned.exitCode).toBe(0);
  expect(JSON.parse((await run(['backup', 'status', '--json'])).stdout)).toMatchObject({ newest: null });
  for (const command of [
    ['restore', id, '--into', join(root, 'into')],
    ['restore-test', id],
  ]) {
    const refused = await run(command);
    expect(refused.stderr).toContain(`${id} is a files backup: it becomes no data folder`);
    expect(refused.stderr).toContain('next: RESTORE.md beside its copy');
    expect(refused.exitCode).toBe(2);
  }
});

test('kinds that are not there are refused with what to type', async () => {
  const { run } = await serversProject();
  const unknown = await run(['backup', 'create', '--kind', 'ful']);
  expect(unknown.stderr).toContain('next: ompay backup create --kind full|logical|files');
  expect(unknown.exitCode).toBe(2);
  const embedded = await run(['backup', 'create', '--kind', 'logical']);
  expect(embedded.stderr).toContain('local has the embedded database, which no stock program dumps');
  expect(embedded.exitCode).toBe(2);
});
