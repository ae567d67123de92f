import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MysqlSession } from '../../src/engine/mysql/session.ts';
import { MYSQLD } from '../../tests/fixtures/servers/mysql.ts';

/** A ledger in small: each transfer writes a row of its own, two entries, two balances and the head of the chain. */
const TABLES = [
  'create table accounts (id int primary key, balance bigint not null)',
  'create table transfers (id varchar(40) primary key, chain_seq bigint not null unique, amount bigint not null)',
  'create table entries (transfer_id varchar(40), line tinyint, account_id int, amount bigint, primary key (transfer_id, line))',
  'create table head (id int primary key, chain_seq bigint not null)',
  'insert into head values (1, 0)',
  `insert into accounts with recursive n (i) as (select 1 union all select i + 1 from n where i < 1000) select i, 0 from n`,
  `create procedure post(in given varchar(40), in debit int, in credit int)
   begin
     start transaction;
     update head set chain_seq = chain_seq + 1 where id = 1;
     insert into transfers select given, chain_seq, 1 from head where id = 1;
     insert into entries values (given, 0, debit, -1), (given, 1, credit, 1);
     update accounts set balance = balance - 1 where id = debit;
     update accounts set balance = balance + 1 where id = credit;
     commit;
   end`,
  `create procedure post_many(in prefix varchar(20), in count int)
   begin
     declare i int default 0;
     while i < count do
       call post(concat(prefix, i), 1 + i mod 500, 501 + i mod 500);
       set i = i + 1;
     end while;
   end`,
];

export async function makeTables(session: MysqlSession): Promise<void> {
  for (const statement of ['set session cte_max_recursion_depth = 10000', ...TABLES])
    await session.run(statement);
}

export function post(session: MysqlSession, id: string, number: number): Promise<void> {
  return session.run(`call post('${id}', ${1 + (number % 500)}, ${501 + ((number * 7) % 500)})`);
}

/** What two copies of the same ledger agree on. */
export const LEDGER_SUMS = `select (select count(*) from transfers), (select sum(crc32(concat(id, chain_seq))) from transfers),
  (select sum(crc32(concat(transfer_id, line, account_id, amount))) from entries),
  (select sum(crc32(concat(id, balance))) from accounts), (select sum(amount) from entries), (select chain_seq from head)`;

/** A folder of a server that nobody has written to yet: what a log from its very beginning is replayed into. */
export function emptyServer(work: string): string {
  const folder = join(work, 'empty');
  if (existsSync(folder)) return folder;
  mkdirSync(work, { recursive: true });
  const [program, ...first] = MYSQLD;
  execFileSync(program, [...first, '--initialize-insecure', '--skip-log-bin', `--datadir=${folder}`], {
    stdio: 'ignore',
  });
  return folder;
}

/** Of numbers that are sorted here. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
