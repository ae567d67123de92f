import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { readStatus } from '../../src/engine/mysql/binlog/status.ts';
import type { MysqlSession } from '../../src/engine/mysql/session.ts';
import { type MysqlSource, startSource } from '../engine/mysql/source.ts';
import { MYSQL } from '../fixtures/databases.ts';
import { mysqldumpIn, mysqlProject } from '../fixtures/mysql-project.ts';
import { mysqlClient } from '../fixtures/servers/mysql.ts';
import type { Ended, ServersProject } from '../fixtures/servers-project.ts';

if (MYSQL.absent !== undefined) process.stderr.write(`skipped: restoring a table: ${MYSQL.absent}\n`);

const PATIENT = { timeoutMs: 200_000 };
const TRANSFERS =
  'create table transfers (id bigint primary key auto_increment, amount decimal(20,2), memo varchar(80), proof varbinary(8), at timestamp(6) default current_timestamp(6), doubled decimal(20,2) as (amount * 2), account_id int default 1, foreign key (account_id) references accounts (id))';
/** What an insert of the dump must not change. */
const TRIGGER =
  "create trigger marked before insert on transfers for each row set new.memo = concat(new.memo, '!')";
const AWKWARD = ["it''s (1),(2);", 'two\\nlines -- \\\\', 'Sànkara 🦁', ''];

test.skipIf(MYSQL.absent !== undefined)(
  'one ruined table is brought back as it was at a transaction, in a file that no live table is replaced by',
  { timeout: 600_000 },
  async () => {
    const { source, session, project, point, reference } = await ruined();
    const staging = (...words: readonly string[]) =>
      project.run(['restore', '-e', 'staging', ...words], PATIENT);
    const [into, at] = [join(project.root, 'tables'), ['--to', point]];
    const live = await rowsOf(session, 'ompay', 'transfers');

    const planned = await staging(...at, '--table', 'transfers', '--plan');
    expect(planned).toMatchObject({ exitCode: 0, stderr: '' });
    expect(planned.stdout).toMatch(/^tables {6}transfers, as SQL; nothing else stays$/m);

    const words = ['--table', 'transfers', '--table', 'notes', '--table', 'transfers', '--into', into];
    const restored = await staging(...at, ...words, '--json');
    expect(restored).toMatchObject({ exitCode: 0 });
    expect(restored.stderr).toContain('the live database has no table notes');
    const sql = readFileSync(join(into, 'transfers.sql'));
    expect(JSON.parse(restored.stdout)).toMatchObject({
      into,
      last: { gtid: point },
      tables: [
        {
          table: 'transfers',
          path: join(into, 'transfers.sql'),
          rows: reference.transfers.length,
          sizeBytes: sql.length,
          sha256: createHash('sha256').update(sql).digest('hex'),
        },
        { table: 'notes', rows: 1 },
      ],
    });
    expect(modesIn(into)).toEqual({ 'notes.sql': '600', 'transfers.sql': '600' });
    expect((statSync(into).mode & 0o777).toString(8)).toBe('700');
    expect(leftBeside(into)).toEqual([]);

    // A slip: into the very database that has the table.
    expect(load(source, 'ompay', sql).stderr).toContain("Table 'transfers' already exists");
    expect(await rowsOf(session, 'ompay', 'transfers')).toEqual(live);
    await session.run('create database restored');
    expect(load(source, 'restored', sql)).toEqual({ status: 0, stderr: '' });
    expect(load(source, 'restored', readFileSync(join(into, 'notes.sql')))).toEqual({
      status: 0,
      stderr: '',
    });
    for (const table of ['transfers', 'notes'] as const)
      expect(await rowsOf(session, 'restored', table)).toEqual(reference[table]);
    expect(await rowsOf(session, 'ompay', 'transfers')).toEqual(live);

    await tellsInWords(project, await staging(...at, '--table', 'notes'));
    await refusals({ project, staging, point });
  },
);

/** Without `--into`, in a folder of the installation's. */
async function tellsInWords({ root }: ServersProject, { exitCode, stdout }: Ended): Promise<void> {
  expect(exitCode).toBe(0);
  const place = join(root, '.ompay/restored');
  const [folder = ''] = readdirSync(place).map((name) => join(place, name));
  expect(readdirSync(folder)).toEqual(['notes.sql']);
  expect(stdout).toMatch(/^RTO .* stop [^,]+, dump /m);
  expect(stdout).toContain(`in          ${folder}\ntable       notes: 1 rows, `);
  expect(stdout).toMatch(/^ {12}sha256 [0-9a-f]{64}$/m);
  expect(stdout).toContain(`mysql -e 'CREATE DATABASE restored' && mysql restored < ${folder}/notes.sql`);
  expect(stdout).not.toContain('start it');
}

interface Refusing {
  readonly project: ServersProject;
  readonly staging: (...words: readonly string[]) => Promise<Ended>;
  readonly point: string;
}

async function refusals({ project, staging, point }: Refusing): Promise<void> {
  const into = join(project.root, 'refused');
  const refused = async (words: readonly string[], exitCode: number, why: string): Promise<void> => {
    const ended = await staging(...words);
    expect(ended).toMatchObject({ exitCode, stderr: expect.stringContaining(why) });
    expect(existsSync(into)).toBe(false);
    expect(leftBeside(into)).toEqual([]);
    expect(readdirSync(project.temporary)).toEqual([]);
  };
  const at = ['--to', point, '--into', into];
  await refused(['--table', 'transfers', '--into', into], 2, '--to is missing');
  await refused(
    ['--to', point, '--table', 'transfers', '--into', 'host'],
    2,
    'mysql restored < FOLDER/transfers.sql',
  );
  await refused([...at, '--table', 'ompay.transfers'], 2, "no table's name by itself");
  // Never there; and dropped by then, though the base's log names it.
  await refused(
    [...at, '--table', 'transfer'],
    2,
    'the log up to there names none (did you mean transfers?)',
  );
  await refused(
    ['--to', 'latest', '--into', into, '--table', 'notes'],
    2,
    'there is no table notes in ompay at that point',
  );

  const program = mysqldumpIn(project);
  renameSync(program, `${program}-whole`);
  await refused([...at, '--table', 'transfers'], 2, 'which dumps tables, cannot be run');
  writeFileSync(program, `#!/bin/sh\n${program}-whole "$@" | grep -v "^INSERT"\n`);
  chmodSync(program, 0o755);
  await refused([...at, '--table', 'transfers'], 3, 'the dump of transfers is not whole: it has 0 rows');
  writeFileSync(program, `#!/bin/sh\n${program}-whole "$@" | head -c 900\nexit 1\n`);
  await refused([...at, '--table', 'transfers'], 7, 'mysqldump did not dump the database at');
}

/** Two tables, one of which was made after the backup; then, after `point`, both were ruined. */
async function ruined() {
  const source: MysqlSource = await startSource();
  onTestFinished(source.dispose);
  const session = await source.connect();
  onTestFinished(session.close);
  // An environment file holds no backslash.
  await session.run("alter user backup@'127.0.0.1' identified by 'of-the-backup'");
  await session.run("alter user root@localhost identified by 'asked-after-flush-privileges'");
  const project = await mysqlProject({
    access: { ...source.access, password: new Secret('of-the-backup') },
  });
  // What the file refers to without having it.
  await session.run('create table accounts (id int primary key)');
  await session.run('insert into accounts values (1)');
  await session.run(TRANSFERS);
  await session.run(TRIGGER);
  for (const memo of AWKWARD)
    await session.run(`insert into transfers (amount, memo, proof) values (12.5, '${memo}', x'00ff275c0a')`);
  expect(await project.run(['backup', 'create', '-e', 'staging'], PATIENT)).toMatchObject({ exitCode: 0 });
  const stream = project.start(['backup', 'stream', '-e', 'staging'], PATIENT);
  await session.run('insert into transfers (amount, memo) values (7, null)');
  await session.run('create table notes (id int primary key, text text)');
  await session.run("insert into notes values (1, 'of after the backup')");
  const [executed = ''] = await session.values('select @@global.gtid_executed');
  const reference = {
    transfers: await rowsOf(session, 'ompay', 'transfers'),
    notes: await rowsOf(session, 'ompay', 'notes'),
  };
  await session.run('update transfers set amount = 0');
  await session.run('delete from transfers where id > 2');
  await session.run('drop table notes');
  await received(session, join(project.root, '.ompay/binlog/staging'));
  stream.kill('SIGTERM');
  await once(stream, 'exit');
  await session.run('set global rpl_semi_sync_source_enabled = off');
  return { source, session, project, reference, point: executed.replace(/:.*?(\d+)$/, ':$1') };
}

async function received(session: MysqlSession, root: string): Promise<void> {
  const row = (await session.rows('show binary log status'))?.[0];
  const seen = async (): Promise<string> => {
    const status = await readStatus(root);
    return `${status?.file}:${status?.offset}`;
  };
  await expect.poll(seen, { timeout: 60_000, interval: 50 }).toBe(`${row?.File}:${row?.Position}`);
}

async function rowsOf(session: MysqlSession, database: string, table: string) {
  return (await session.rows(`select * from ${database}.${table} order by id`)) ?? [];
}

/** By the stock client, as an engineer does. */
function load({ dataFolder }: MysqlSource, database: string, sql: Buffer) {
  const [program, ...words] = mysqlClient('mysql');
  const socket = join(dirname(dataFolder), 'server.sock');
  const args = [...words, `--socket=${socket}`, '--user=root', database];
  const env = { MYSQL_PWD: 'asked-after-flush-privileges' };
  const { status, stderr } = spawnSync(program, args, { input: sql, encoding: 'utf8', env });
  return { status, stderr };
}

function modesIn(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder).toSorted();
  return Object.fromEntries(
    names.map((name) => [name, (statSync(join(folder, name)).mode & 0o777).toString(8)]),
  );
}

function leftBeside(path: string): readonly string[] {
  return readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.`));
}
