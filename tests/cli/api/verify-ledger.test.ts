import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { APP_KEY, startApi, type TestApi } from '../../fixtures/api.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';
import { withoutTriggers } from '../../fixtures/ledger-damage.ts';
import { ompay } from '../../fixtures/ompay.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

/** An installation whose database is the test's. */
function installation(): { readonly root: string; readonly environment: string } {
  const root = temporaryFolder();
  const { socketPath = '', database, username } = api.settings.database;
  mkdirSync(join(root, '.ompay'), { mode: 0o700 });
  const environment = join(root, '.ompay', 'api.env');
  const lines = [
    `APP_KEY=${APP_KEY}`,
    'DB_CONNECTION=pglite',
    `DB_SOCKET=${socketPath}`,
    `DB_DATABASE=${database}`,
    `DB_USERNAME=${username}`,
  ];
  writeFileSync(environment, `${lines.join('\n')}\n`, { mode: 0o600 });
  return { root, environment };
}

const VERIFY = ['api', 'verify-ledger'];

test('a key is prepared, and seals only once the live release knows it', { timeout: 120_000 }, async () => {
  const { root, environment } = installation();
  const prepared = await ompay(root, 'api', 'keys', 'rotate');
  expect([prepared.exitCode, prepared.stderr]).toEqual([0, '']);
  const next = /^APP_NEXT_KEY=(.+)$/m.exec(readFileSync(environment, 'utf8'))?.[1] ?? '';
  expect(next).toMatch(/^"?base64:/);
  expect(prepared.stdout).not.toContain(next);
  expect((await ompay(root, 'api', 'keys', 'rotate')).exitCode).toBe(3);
  expect((await ompay(root, 'api', 'keys', 'list')).stdout).toMatch(/present[\s\S]*next/);
  expect((await ompay(root, 'api', 'keys', 'retire')).exitCode).toBe(3);
  expect((await ompay(root, 'api', 'keys', 'rotate', '--undo')).exitCode).toBe(0);
  expect(readFileSync(environment, 'utf8')).not.toContain('APP_NEXT_KEY');
  expect((await ompay(root, 'api', 'keys', 'rotate', '--undo')).exitCode).toBe(3);
});

test('the proof ends with 0, or with 3 and the row, in French unless asked', {
  timeout: 120_000,
}, async () => {
  const { root } = installation();
  await api.customer();
  const right = await ompay(root, ...VERIFY);
  expect([right.exitCode, right.stdout]).toEqual([0, expect.stringContaining('le grand livre est intact')]);
  expect((await ompay(root, ...VERIFY, '--language', 'de')).exitCode).toBe(2);
  expect((await ompay(root, ...VERIFY, '--anchor', join(root, 'none.jsonl'))).exitCode).toBe(2);
  await withoutTriggers(api.database);
  await sql`update audit_events set detail = '{"by":"nobody"}' where seq = 2`.execute(api.database.kysely);
  const wrong = await ompay(root, ...VERIFY, '--language', 'en');
  expect(wrong.exitCode).toBe(3);
  expect(wrong.stdout).toContain('audit_events seq=2: the audit event is not what was written');
});
