import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAnchorFile } from '../../../src/api/audit/anchor/file.ts';
import { readHeads } from '../../../src/api/audit/anchor/keep.ts';
import { createAuditTrail } from '../../../src/api/audit/trail.ts';
import { verifyLedger } from '../../../src/api/audit/verify/verify.ts';
import { deriveRing } from '../../../src/api/auth/keys.ts';
import { chainHashBefore0004 } from '../../../src/api/ledger/chain.ts';
import { chainPages } from '../../../src/api/ledger/chain-page.ts';
import { GENESIS_HASH } from '../../../src/api/ledger/house.ts';
import { judgePage } from '../../../src/api/ledger/judge-chain.ts';
import { startApi, type TestApi } from '../../fixtures/api.ts';
import { temporaryFolder } from '../../fixtures/folder.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const kinds = async (files: Parameters<typeof verifyLedger>[1] = []) =>
  (await verifyLedger(api.database, files, () => {})).findings.map(({ kind, table }) => `${kind} ${table}`);

test('many anchors are compared a thousand at a time, and a broken file ends its own look', async () => {
  const keys = deriveRing(api.settings, 'anchor');
  const path = join(temporaryFolder(), 'a.jsonl');
  const heads = await readHeads(api.database, api.clock);
  const writer = openAnchorFile(path, keys[0]);
  for (let line = 0; line < 1_001; line += 1) writer.append(heads);
  writer.close();
  const found = await verifyLedger(api.database, [{ path, keys }], () => {});
  expect(found).toMatchObject({ anchors: 1_001, findings: [] });
  const strangers = deriveRing({ ...api.settings, key: api.settings.key, otherKeys: [] }, 'cache');
  expect(await kinds([{ path, keys: [{ ...strangers[0], id: keys[0].id }] }])).toEqual([
    'anchorBroken anchor',
  ]);
  rmSync(path);
});

test('what is seldom told is forgotten past ten thousand names, and told again', async () => {
  const trail = createAuditTrail(api.database, api.clock);
  const tell = (name: number) => trail.recordSeldom(`n${name}`, { action: 'otp.refused' });
  await Promise.all(Array.from({ length: 10_000 }, (_each, name) => tell(name)));
  const before = await readHeads(api.database, api.clock);
  await tell(0);
  await tell(10_000);
  await tell(0);
  const after = await readHeads(api.database, api.clock);
  expect(after.audit.seq - before.audit.seq).toBe(2);
});

test('no more is named than a person reads', async () => {
  const keys = deriveRing(api.settings, 'anchor');
  const path = join(temporaryFolder(), 'b.jsonl');
  const heads = await readHeads(api.database, api.clock);
  const writer = openAnchorFile(path, keys[0]);
  for (let line = 0; line < 1_002; line += 1)
    writer.append({ ...heads, audit: { ...heads.audit, hash: 'f'.repeat(64) } });
  writer.close();
  const { anchors, findings } = await verifyLedger(api.database, [{ path, keys }], () => {});
  expect(anchors).toBe(1_000);
  expect(findings.every(({ kind }) => kind.startsWith('anchor'))).toBe(true);
});

test('a head that promises what is not there, or another hash, is named', async () => {
  const { kysely } = api.database;
  await sql`update audit_head set chain_hash = ${'0'.repeat(64)}`.execute(kysely);
  await sql`update ledger_head set chain_seq = 1`.execute(kysely);
  expect(await kinds()).toEqual(
    expect.arrayContaining(['headChanged audit_head', 'transferMissing transfers']),
  );
  // A hundred and one pages of ten thousand: each is one finding.
  await sql`update ledger_head set chain_seq = 1010000`.execute(kysely);
  const { findings } = await verifyLedger(api.database, [], () => {});
  expect(findings.at(0)).toMatchObject({ kind: 'transferMissing', row: 'chain_seq=1..10000' });
  await sql`update ledger_head set chain_seq = 0`.execute(kysely);
});

test('a chain of a release before migration 0004 is read, which had no seals', async () => {
  const { kysely } = api.database;
  await sql`alter table description_seals rename to seals_away`.execute(kysely);
  const pages = chainPages(api.database, { fromSeq: 1, toSeq: 1 });
  expect((await pages.next()).value).toMatchObject({ fromSeq: 1, toSeq: 1, transfers: new Map() });
  await pages.return(undefined);
  await sql`alter table seals_away rename to description_seals`.execute(kysely);
});

test('a head that is gone is named', async () => {
  await sql`delete from audit_head`.execute(api.database.kysely);
  await sql`delete from ledger_head`.execute(api.database.kysely);
  expect(await kinds()).toEqual(
    expect.arrayContaining(['headChanged ledger_head', 'headChanged audit_head']),
  );
});

test('a transfer of a release before migration 0004 is right, and its description is not covered', () => {
  const transfer = {
    id: 't',
    reference: 'TXN1',
    type: 'transfert' as const,
    status: 'reussi' as const,
    debit_account_id: 'a',
    credit_account_id: 'b',
    amount: 1,
    fee: 0,
    description: 'loyer',
    initiator_id: null,
    created_at_ms: 1,
    chain_seq: 1,
  };
  const row = {
    chainSeq: 1,
    chainHash: chainHashBefore0004(GENESIS_HASH, transfer, []),
    id: 't',
    createdAtMs: 1,
    text: '1,"t","TXN1","transfert","reussi","a","b",1,0,null,1',
    description: 'loyer',
    salt: null,
    digest: null,
  };
  const page = { fromSeq: 1, toSeq: 3, transfers: new Map([[1, row]]), entries: new Map() };
  const { faults, uncovered } = judgePage(page, [GENESIS_HASH]);
  expect(uncovered).toBe(1);
  expect(faults.map(({ kind, fromSeq, toSeq }) => [kind, fromSeq, toSeq])).toEqual([
    ['unbalanced', 1, 1],
    ['missing', 2, 3],
  ]);
});
