import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anchorPath, startAnchoring } from '../../../src/api/audit/anchor/keep.ts';
import { anchorFilesIn } from '../../../src/api/audit/anchor/read.ts';
import { verifyLedger } from '../../../src/api/audit/verify/verify.ts';
import { deriveRing } from '../../../src/api/auth/keys.ts';
import { startApi, type TestApi } from '../../fixtures/api.ts';

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await startApi();
  folder = mkdtempSync(join(tmpdir(), 'ompay-anchors-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await api.close();
});

const listen = { kind: 'tcp', host: '127.0.0.1', port: 1 } as const;

test('the heads are written at once and at the end, and agree with the chains', async () => {
  const keys = deriveRing(api.settings, 'anchor');
  await api.customer();
  const anchoring = startAnchoring({ ...api.foundations, key: keys[0], folder, listen });
  await expect.poll(() => readdirSync(folder)).toHaveLength(1);
  await anchoring.stop();
  const found = await verifyLedger(api.database, anchorFilesIn(folder, keys), () => {});
  expect(found).toMatchObject({ findings: [], anchors: 2 });
  expect(found.anchoredUntilMs).toBeGreaterThan(0);
});

test('without a folder nothing is written', async () => {
  const [key] = deriveRing(api.settings, 'anchor');
  await startAnchoring({ ...api.foundations, key, folder: null, listen }).stop();
  expect(readdirSync(folder)).toHaveLength(1);
});

test('a file that cannot be gone on with is told of, and stays as it is', async () => {
  const [key] = deriveRing(api.settings, 'anchor');
  const path = anchorPath(folder, listen);
  writeFileSync(path, 'no anchor\n');
  chmodSync(path, 0o600);
  await startAnchoring({ ...api.foundations, key, folder, listen }).stop();
  expect(readFileSync(path, 'utf8')).toBe('no anchor\n');
  expect(api.lines.filter((line) => line.includes('could not be anchored'))).not.toHaveLength(0);
});
