import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { beforeAll, expect, it } from 'vitest';
import { openAnchorFile } from '../../../src/api/audit/anchor/file.ts';
import { readHeads } from '../../../src/api/audit/anchor/keep.ts';
import { anchorFilesIn } from '../../../src/api/audit/anchor/read.ts';
import { verifyLedger } from '../../../src/api/audit/verify/verify.ts';
import { writeAudit } from '../../../src/api/audit/write.ts';
import { deriveRing } from '../../../src/api/auth/keys.ts';
import { type Database, openDatabase } from '../../../src/api/db/open.ts';
import { createLedger } from '../../../src/api/ledger/ledger.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { Secret } from '../../../src/core/secret.ts';
import { describeOn, SERVER_KINDS, type ServerKind } from '../../fixtures/databases.ts';
import { confirmRequest, reserve, reverseRequest } from '../../fixtures/holds.ts';
import { withoutTriggers } from '../../fixtures/ledger-damage.ts';
import { migratedDatabase, twoAccounts } from '../../fixtures/ledgers.ts';
import { fund, request } from '../../fixtures/people.ts';

const KEYS = deriveRing({ key: new Secret(Buffer.alloc(32, 1).toString('base64')), otherKeys: [] }, 'anchor');
const COLUMNS = {
  transfers: [
    'id',
    'reference',
    'type',
    'status',
    'debit_account_id',
    'credit_account_id',
    'amount',
    'fee',
    'description',
    'initiator_id',
    'created_at_ms',
    'chain_seq',
    'chain_hash',
  ],
  entries: ['transfer_id', 'line', 'account_id', 'amount', 'balance_after', 'chain_seq', 'created_at_ms'],
  audit_events: ['seq', 'at_ms', 'action', 'actor_id', 'staff', 'subject_id', 'detail', 'chain_hash'],
  description_seals: ['chain_seq', 'salt', 'digest'],
} as const;
type Chained = keyof typeof COLUMNS;
const TABLES = ['transfers', 'entries', 'audit_events', 'description_seals'] as const;
const PLACE: Readonly<Record<Chained, 'chain_seq' | 'seq'>> = {
  transfers: 'chain_seq',
  entries: 'chain_seq',
  audit_events: 'seq',
  description_seals: 'chain_seq',
};
/** On PGlite every column, on the servers these. */
const SAMPLE: readonly string[] = ['amount', 'description', 'detail', 'chain_seq', 'account_id', 'salt'];
/** In the middle of each chain, and the last. */
const MIDDLE = 3;

interface Bench {
  readonly db: Database;
  readonly last: Readonly<Record<Chained, number>>;
  readonly anchors: ReturnType<typeof anchorFilesIn>;
  readonly folder: string;
}

describeOn(SERVER_KINDS, 'what was tampered with', (server, kind) => {
  let bench: Bench;

  beforeAll(async () => {
    bench = await ledgerWithoutGuards(await migratedDatabase(server()));
    return async () => {
      await bench.db.close();
      rmSync(bench.folder, { recursive: true });
    };
  });

  const found = async (): Promise<readonly string[]> => {
    const { findings } = await verifyLedger(bench.db, bench.anchors, () => {});
    return findings.map(({ kind: what, table, row }) => `${what} ${table} ${row}`);
  };
  const change = (statement: string) => sql.raw(statement).execute(bench.db.kysely);

  it('is not found where nothing was', async () => {
    const { findings, ...counts } = await verifyLedger(bench.db, bench.anchors, () => {});
    expect(findings).toEqual([]);
    expect(counts).toMatchObject({ transfers: 8, entries: 16, anchors: 2, descriptionsUncovered: 0 });
  });

  it.each(changesOn(kind))('is found in %s.%s, and its row named', async (table, column) => {
    const place = PLACE[table];
    for (const seq of [MIDDLE, bench.last[table]]) {
      const undo = await changeOneValue(bench.db, { table, column, place, seq });
      expect(await found()).toContainEqual(expect.stringMatching(new RegExp(`${place}=${seq}( |$|\\.)`)));
      await undo();
    }
    expect(await found()).toEqual([]);
  });

  it.each(['transfers', 'entries', 'audit_events', 'description_seals'] as const)(
    'is found where a row of %s was removed, or one was added',
    async (table) => {
      const place = PLACE[table];
      for (const seq of [MIDDLE, bench.last[table]]) {
        await change(`create table kept as select * from ${table} where ${place} = ${seq}`);
        await change(`delete from ${table} where ${place} = ${seq}`);
        expect(await found()).toContainEqual(expect.stringMatching(new RegExp(`${place}=${seq}( |$|\\.)`)));
        await change(`update kept set ${place} = 900`);
        await change(`insert into ${table} select * from kept`);
        expect(await found()).toContainEqual(expect.stringContaining(`${place}=900`));
        await change(`delete from ${table} where ${place} = 900`);
        await change(`update kept set ${place} = ${seq}`);
        await change(`insert into ${table} select * from kept`);
        await change('drop table kept');
      }
      expect(await found()).toEqual([]);
    },
  );

  it.each(['transfers', 'entries', 'audit_events'] as const)(
    'is found where two rows of %s changed places',
    async (table) => {
      const place = PLACE[table];
      const swap = async () => {
        for (const [from, to] of [
          [MIDDLE, 900],
          [MIDDLE + 1, MIDDLE],
          [900, MIDDLE + 1],
        ]) {
          await change(`update ${table} set ${place} = ${to} where ${place} = ${from}`);
        }
      };
      await swap();
      expect(await found()).toContainEqual(expect.stringMatching(new RegExp(`${place}=${MIDDLE}( |$)`)));
      await swap();
      expect(await found()).toEqual([]);
    },
  );

  it('is found by the anchor where the end was removed and the heads set back', async () => {
    const { audit_events: last } = bench.last;
    const [row] = await bench.db.kysely
      .selectFrom('audit_events')
      .selectAll()
      .where('seq', '=', last)
      .execute();
    const [before] = await bench.db.kysely
      .selectFrom('audit_events')
      .selectAll()
      .where('seq', '=', last - 1)
      .execute();
    if (row === undefined || before === undefined) throw new Error('the trail has two events');
    await change(`delete from audit_events where seq = ${last}`);
    await change(`update audit_head set seq = ${before.seq}, chain_hash = '${before.chain_hash}'`);
    expect((await verifyLedger(bench.db, [], () => {})).findings).not.toContainEqual(
      expect.objectContaining({ table: 'audit_events' }),
    );
    expect(await found()).toContain(`anchorAhead audit_events seq=${last}`);
    await bench.db.dialect.insertRows(bench.db.kysely, 'audit_events', [row]);
    await change(`update audit_head set seq = ${row.seq}, chain_hash = '${row.chain_hash}'`);
    expect(await found()).toEqual([]);
  });

  it.each([
    ['balanceOff', 'accounts', 'balance', "kind = 'customer'"],
    ['heldOff', 'accounts', 'held', "kind = 'customer'"],
    ['holdUnlikeTrail', 'holds', 'amount', '1 = 1'],
    ['ruleUnlikeSource', 'fee_rules', 'rate_ppm', "type = 'transfert'"],
    ['ruleUnlikeSource', 'limit_rules', 'max_balance', "kyc_level = 'identified'"],
  ] as const)('is found as %s of %s.%s', async (what, table, column, where) => {
    await change(`update ${table} set ${column} = ${column} + 1 where ${where}`);
    expect(await found()).toContainEqual(expect.stringContaining(`${what} ${table} `));
    await change(`update ${table} set ${column} = ${column} - 1 where ${where}`);
    expect(await found()).toEqual([]);
  });
});

function changesOn(kind: ServerKind): readonly (readonly [Chained, string])[] {
  const all = TABLES.flatMap((table) => COLUMNS[table].map((column) => [table, column] as const));
  return kind.name === 'PGlite' ? all : all.filter(([, column]) => SAMPLE.includes(column));
}

/** Changes one value as little as its type allows; gives what puts it back. */
async function changeOneValue(
  { kysely }: Database,
  { table, column, place, seq }: { table: Chained; column: string; place: string; seq: number },
): Promise<() => Promise<void>> {
  const where = sql`${sql.ref(place)} = ${seq} ${table === 'entries' ? sql`and line = 0` : sql``}`;
  const { rows } = await sql<{ value: string | number | null }>`
    select ${sql.ref(column)} as value from ${sql.table(table)} where ${where}`.execute(kysely);
  const before = rows[0]?.value ?? null;
  const after = changed(before, column === place ? 900 : undefined);
  await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${after} where ${where}`.execute(kysely);
  const at = column === place ? 900 : seq;
  const line = column === 'line' ? Number(after) : 0;
  const now = sql`${sql.ref(place)} = ${at} ${table === 'entries' ? sql`and line = ${line}` : sql``}`;
  return async () => {
    await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${before} where ${now}`.execute(kysely);
  };
}

function changed(value: string | number | null, far = Number(value) + 5): string | number {
  if (value === null) return 'x';
  if (typeof value === 'number') return far;
  const last = value.at(-1) === 'a' ? 'b' : 'a';
  return `${value.slice(0, -1)}${last}`;
}

/** Eight transfers, operations, a reversal, a few events and two anchors; then nothing that refuses a change. */
async function ledgerWithoutGuards(settings: Parameters<typeof openDatabase>[0]): Promise<Bench> {
  const db = openDatabase(settings);
  const ledger = createLedger({
    db,
    clock: systemClock,
    sealMessage: (body) => body,
    onBatch: () => {},
    onError: () => {},
  });
  const folder = mkdtempSync(join(tmpdir(), 'ompay-anchors-'));
  const writer = openAnchorFile(join(folder, 'a.jsonl'), KEYS[0]);
  const [payer, payee] = await twoAccounts(db);
  await fund(ledger, payer.id, 10_000);
  const asked = request({ debitAccountId: payer.id, creditAccountId: payee.id, amountXof: 200 });
  for (const description of [null, 'loyer', 'pain']) await ledger.post({ ...asked, description });
  writer.append(await readHeads(db, systemClock));
  await ledger.post(confirmRequest(await reserve(ledger, { accountId: payer.id }), payee));
  const original = await db.kysely
    .selectFrom('transfers')
    .selectAll()
    .where('chain_seq', '=', 2)
    .executeTakeFirstOrThrow();
  await ledger.post(reverseRequest(original));
  await ledger.post({ ...asked, amountXof: 900_000 });
  await db.transaction((trx) =>
    writeAudit(
      trx,
      db.dialect,
      [{ action: 'pin.forgotten', staff: 'awa@siege', subjectId: payee.userId }],
      1,
    ),
  );
  for (const description of ['thé', 'café']) await ledger.post({ ...asked, description });
  writer.append(await readHeads(db, systemClock));
  writer.close();
  await ledger.close();
  await withoutTriggers(db);
  await withoutConstraints(db);
  const heads = await readHeads(db, systemClock);
  const { seq } = heads.ledger;
  return {
    db,
    folder,
    anchors: anchorFilesIn(folder, KEYS),
    last: { transfers: seq, entries: seq, description_seals: seq, audit_events: heads.audit.seq },
  };
}

/** Checks and unique keys, as somebody with the database's password could remove them. */
async function withoutConstraints({ kysely, dialect }: Database): Promise<void> {
  const { rows } = await sql<{ on_table: string; name: string; kind: string }>`
    select table_name as on_table, constraint_name as name, constraint_type as kind
    from information_schema.table_constraints
    where table_name in ('transfers', 'entries', 'audit_events', 'description_seals', 'accounts', 'holds', 'fee_rules',
      'limit_rules') and table_schema = ${dialect.family === 'mysql' ? sql`database()` : sql`current_schema()`}
      and (constraint_type = 'CHECK' or (constraint_type = 'UNIQUE' and table_name = 'transfers'))
      and constraint_name not like '%not_null'`.execute(kysely);
  for (const { on_table, name, kind } of rows) {
    const what = dialect.family === 'mysql' && kind === 'UNIQUE' ? 'index' : 'constraint';
    await sql.raw(`alter table ${on_table} drop ${what} ${name}`).execute(kysely);
  }
}
