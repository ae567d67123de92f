import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../src/api/db/open.ts';
import type { DatabaseSettings } from '../../src/api/db/settings.ts';
import { GENESIS_HASH, HOUSE } from '../../src/api/ledger/house.ts';
import { MIGRATIONS } from '../../src/api/migrations/index.ts';
import { migrateUp } from '../../src/api/migrations/runner.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { MysqlSession } from '../../src/engine/mysql/session.ts';

const ACCOUNTS = 10_000;
/** About half of the data folder is the ledger then: a transfer takes a kilobyte with its entries and indexes. */
const TRANSFERS_A_MEGABYTE = 500;
const ROWS_A_STATEMENT = 32_768;
const FILLER_ROWS_A_STATEMENT = 2_048;

const ACCOUNT = (number: string): string => `concat('00000000-0000-7000-8001-', lpad(${number}, 12, '0'))`;
/** Ascends as the API's do (UUIDv7), so that rows are added at the end. */
const TRANSFER = (seq: string): string =>
  `concat(lpad(hex(${seq}), 8, '0'), '-', substr(sha2(${seq}, 256), 1, 4), '-7', substr(sha2(${seq}, 256), 5, 3), '-8',
     substr(sha2(${seq}, 256), 8, 3), '-', substr(sha2(${seq}, 256), 11, 12))`;

/** The type of the tables' ids: compared with another collation their indexes are of no use. */
const ID = 'varchar(36) character set ascii collate ascii_bin';

/** Posts a franc as the API does, in a transaction of its own: 9 rows. `post_many` does so `count` times. */
const PROCEDURES = [
  `create procedure post(in debit ${ID}, in credit ${ID})
   begin
     declare seq, debit_balance, credit_balance bigint;
     declare transfer ${ID};
     start transaction;
     select chain_seq + 1 into seq from ledger_head where id = 1 for update;
     set transfer = ${TRANSFER('seq')};
     update accounts set balance = balance - 1 where id = debit;
     update accounts set balance = balance + 1 where id = credit;
     select balance into debit_balance from accounts where id = debit;
     select balance into credit_balance from accounts where id = credit;
     insert into transfers values (transfer, concat('TRF', seq), 'transfert', 'reussi', debit, credit, 1, 0, null, null,
       seq, seq, sha2(seq, 256));
     insert into entries values (transfer, 0, debit, -1, debit_balance, seq, seq), (transfer, 1, credit, 1, credit_balance, seq, seq);
     insert into idempotency_keys values (debit, transfer, sha2(transfer, 256), 201, '{"statut":"reussi"}', transfer, seq);
     insert into usage_counters values (debit, '2026-11', 'out', 1), (credit, '2026-11', 'in', 1)
       on duplicate key update amount = amount + 1;
     update ledger_head set chain_seq = seq, chain_hash = sha2(seq, 256) where id = 1;
     commit;
   end`,
  `create procedure post_many(in first int, in count int)
   begin
     declare i int default first;
     while i < first + count do
       call post(${ACCOUNT(`i * 7919 mod ${ACCOUNTS}`)}, ${ACCOUNT(`(i * 7919 + 1 + i mod 97) mod ${ACCOUNTS}`)});
       set i = i + 1;
     end while;
   end`,
];

/** What copies of one ledger agree on; only of one server and series. */
export const CHECKSUM =
  'checksum table transfers, entries, accounts, ledger_head, idempotency_keys, usage_counters, filler';

/**
 * The API's tables with money that was issued to 10,000 accounts, and filler that compresses to a half, until the tables'
 * files have so many MB (10^6 bytes). Not in the binary log: the base holds it. On MySQL and MariaDB.
 * @param folder of the database, in the data folder.
 */
export async function seedLedger(
  settings: DatabaseSettings,
  session: MysqlSession,
  { folder, megabytes }: { readonly folder: string; readonly megabytes: number },
): Promise<{ readonly transfers: number; readonly tableBytes: number }> {
  const database = openDatabase({ ...settings, statementTimeoutMs: 60_000 });
  await migrateUp(database, MIGRATIONS, systemClock).finally(() => database.close());
  await session.run('set session sql_log_bin = 0');
  const transfers = Math.max(ACCOUNTS, megabytes * TRANSFERS_A_MEGABYTE);
  for (const statement of [...peopleAndNumbers(), ...PROCEDURES]) await session.run(statement);
  for (let from = 0; from < transfers; from += ROWS_A_STATEMENT)
    for (const statement of issued(from, Math.min(ROWS_A_STATEMENT, transfers - from)))
      await session.run(statement);
  for (const statement of settled(transfers)) await session.run(statement);
  while (bytesOf(folder) < megabytes * 1e6) await session.run(FILL);
  await session.run('drop table numbers');
  await session.run('set session sql_log_bin = 1');
  return { transfers, tableBytes: bytesOf(folder) };
}

function peopleAndNumbers(): readonly string[] {
  const doublings = Array.from({ length: Math.log2(ROWS_A_STATEMENT) }, (_, power) => 2 ** power);
  return [
    'create table numbers (i int primary key)',
    'insert into numbers values (0)',
    ...doublings.map((count) => `insert into numbers select i + ${count} from numbers`),
    `insert into users (id, nom, prenom, telephone, password_hash, status, kyc_level, created_at_ms)
     values ('00000000-0000-7000-8002-000000000000', 'Ndiaye', 'Awa', '+221770000000', '', 'active', 'identified', 0)`,
    `insert into accounts select ${ACCOUNT('i')}, '00000000-0000-7000-8002-000000000000', concat('OM9', lpad(i, 7, '0')),
       'customer', null, 0, 0, 0 from numbers where i < ${ACCOUNTS}`,
    'create table filler (id bigint primary key auto_increment, content text not null)',
  ];
}

/** Each transfer gives one account 1,000 francs. */
function issued(from: number, count: number): readonly string[] {
  const rows = `(select i + ${from + 1} as seq from numbers where i < ${count}) s`;
  const account = ACCOUNT(`seq * 7919 mod ${ACCOUNTS}`);
  const { id } = HOUSE.issuance;
  return [
    `insert into transfers select ${TRANSFER('seq')}, concat('TRF', seq), 'approvisionnement', 'reussi', '${id}', ${account},
       1000, 0, null, null, seq, seq, sha2(seq, 256) from ${rows}`,
    `insert into entries select ${TRANSFER('seq')}, line, case when line = 0 then '${id}' else ${account} end,
       case when line = 0 then -1000 else 1000 end, case when line = 0 then -1000 * seq else 1000 end, seq, seq
       from ${rows} cross join (select 0 as line union all select 1) l`,
  ];
}

function settled(transfers: number): readonly string[] {
  return [
    `update accounts a join (select account_id, sum(amount) as total from entries group by account_id) e
       on e.account_id = a.id set a.balance = e.total`,
    `update ledger_head set chain_seq = ${transfers}, chain_hash = sha2(${transfers}, 256) where chain_hash = '${GENESIS_HASH}'`,
  ];
}

/** Four rows a page; the hexadecimal digits of random bytes. */
const FILL = `insert into filler (content)
  select concat(hex(random_bytes(900)), hex(random_bytes(900))) from numbers where i < ${FILLER_ROWS_A_STATEMENT}`;

/** Of all files below the folder. */
export function bytesOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (sum, { parentPath, name }) =>
        sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
}
