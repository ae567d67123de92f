import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { startTimeOf } from '../../../src/core/process.ts';
import { type ReceiverStatus, readStatus } from '../../../src/engine/mysql/binlog/status.ts';
import { parseLsn } from '../../../src/engine/pglite/control.ts';
import { bootPostgres } from '../../../src/engine/postgres/boot.ts';
import type { PostgresSession } from '../../../src/engine/postgres/session.ts';
import { SEGMENT_BYTES } from '../../../src/engine/postgres/wal/segments.ts';
import { readReceivedLsn } from '../../../src/engine/postgres/wal/status.ts';
import { type PostgresSource, startSource } from '../../engine/postgres/source.ts';
import { POSTGRESQL } from '../../fixtures/databases.ts';
import { engineProject, PASSWORD } from '../../fixtures/engine-project.ts';
import { migratedDatabase } from '../../fixtures/ledgers.ts';
import type { ServersProject } from '../../fixtures/servers-project.ts';

const PATIENT = { timeoutMs: 150_000 };

test.skipIf(POSTGRESQL.absent !== undefined)(
  'a PostgreSQL is received by -e, over a kill -9, and restored to exact places of its log',
  { timeout: 400_000 },
  async () => {
    const { source, session, project } = await sourceAndProject();
    const ompay = (...words: readonly string[]) => project.run([...words, '-e', 'staging'], PATIENT);
    const root = join(project.root, '.ompay/binlog/staging');
    const stream = (): ChildProcess => project.start(['backup', 'stream', '-e', 'staging'], PATIENT);
    const post = poster(session);

    const first = stream();
    await until(root, ({ state, caughtUpAt }) => state === 'streaming' && caughtUpAt !== '');
    expect(await ompay('backup', 'create')).toMatchObject({ exitCode: 0 });
    const early = await post();
    await received(root, early.lsn);
    first.kill('SIGKILL');
    await once(first, 'exit');
    const left = noteIn(root);
    expect(await receiverOf(project)).toMatchObject({ exitCode: 3, receiver: { health: 'not running' } });
    // What is written meanwhile waits in the slot; whole segments too.
    const missed = await post();
    await session.values('select pg_switch_wal()::text');
    const second = stream();
    await received(root, missed.lsn);
    expect(startTimeOf(left.pid)).not.toBe(left.startTime);
    const late = await post();
    const last = await post();
    await received(root, last.lsn);
    expect((await receiverOf(project)).receiver).toMatchObject({ health: 'well' });
    second.kill('SIGTERM');
    expect(await once(second, 'exit')).toEqual([0, null]);
    expect(existsSync(join(root, '.000001.pg_receivewal'))).toBe(false);

    // By a place of the log, with the secret in no output.
    const planned = await ompay('restore', '--to', missed.lsn, '--plan');
    expect(planned).toMatchObject({ exitCode: 0, stderr: '' });
    expect(planned.stdout).toMatch(/first out +[0-9A-F]+\/[0-9A-F]+, committed /);
    expect(planned.stdout).not.toContain(PASSWORD);
    const into = (name: string): string => join(project.root, name);
    const restored = await ompay('restore', '--to', missed.lsn, '--into', into('lsn'));
    expect(restored).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('hint') });
    expect(restored.stdout).toMatch(/proven +13 checks, on PostgreSQL 15.*\nRTO .* replay .*, prove /);
    expect(await notesIn(source, into('lsn'))).toEqual(['1', '2']);
    expect(readdirSync(into('lsn'))).not.toContain('recovery.signal');

    // By a time between two commits; by the end, which is in a segment that is not whole.
    const timed = await ompay('restore', '--to', late.committedAt, '--into', into('time'));
    expect(timed).toMatchObject({ exitCode: 0 });
    expect(await notesIn(source, into('time'))).toEqual(['1', '2', '3']);
    const latest = await ompay('restore', '--to', 'latest', '--into', into('latest'), '--json');
    expect(latest).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(latest.stdout)).toMatchObject({ next: null, inclusive: true });
    expect(await notesIn(source, into('latest'))).toEqual(['1', '2', '3', '4']);

    for (const beyond of ['FF/0', '0/100', '2099-01-01T00:00:00Z', '2001-01-01T00:00:00Z']) {
      const refused = await ompay('restore', '--to', beyond, '--plan');
      expect({ beyond, ...refused }).toMatchObject({ beyond, exitCode: 2, stdout: '' });
      expect(refused.stderr).toContain('the target cannot be reached');
    }
    expect(
      (await ompay('restore', '--to', 'latest', '--into', 'host', '--confirm', 'staging')).exitCode,
    ).toBe(2);
    expect((await ompay('restore', '--to', 'latest', '--from', 'directory')).exitCode).toBe(2);

    damage(join(root, '000001'), missed.lsn);
    const damaged = await ompay('restore', '--to', 'latest', '--into', into('damaged'));
    expect(damaged.stderr).toContain('the received log is damaged');
    expect(damaged.exitCode).toBe(3);
    expect(existsSync(into('damaged'))).toBe(false);
    // What is before the damage can still be had.
    expect(await ompay('restore', '--to', early.lsn, '--plan')).toMatchObject({ exitCode: 0 });
  },
);

async function sourceAndProject() {
  const source = await startSource();
  onTestFinished(source.dispose);
  const { database } = await migratedDatabase(source.server);
  const session = await source.connect();
  onTestFinished(session.close);
  await session.rows(`alter role ompay_backup password '${PASSWORD}'`);
  await session.rows('create table notes (id bigint primary key, v text)');
  const { place } = source.settings.source;
  const project = await engineProject({ connection: 'pgsql', database, place });
  return { source, session, project };
}

/** Rows 1, 2, 3 …; says where its commit ends, and a time after it and before the next. */
function poster(session: PostgresSession): () => Promise<{ lsn: string; committedAt: string }> {
  let id = 0;
  return async () => {
    id += 1;
    await session.rows(`insert into notes values (${id}, repeat('x', 3000))`);
    const [lsn = '', committedAt = ''] = await session.values(
      `select pg_current_wal_insert_lsn(), to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
    );
    await systemClock.sleep(20);
    return { lsn, committedAt };
  };
}

async function until(root: string, what: (status: ReceiverStatus) => boolean): Promise<void> {
  for (let look = 0; look < 1200; look += 1) {
    const status = await readStatus(root);
    if (status !== undefined && what(status)) return;
    await systemClock.sleep(50);
  }
  throw new Error(`the receiver did not come so far: ${JSON.stringify(await readStatus(root))}`);
}

async function received(root: string, lsn: string): Promise<void> {
  for (let look = 0; look < 1200; look += 1) {
    const { receivedLsn } = await readReceivedLsn(root);
    if (receivedLsn !== '' && parseLsn(receivedLsn) >= parseLsn(lsn)) return;
    await systemClock.sleep(50);
  }
  throw new Error(`${lsn} was not received: ${JSON.stringify(await readStatus(root))}`);
}

/** Who receives for a killed command. */
function noteIn(root: string): { pid: number; startTime: string } {
  return JSON.parse(readFileSync(join(root, '.000001.pg_receivewal'), 'utf8'));
}

async function receiverOf(project: ServersProject) {
  const { stdout, exitCode } = await project.run(['backup', 'status', '-e', 'staging', '--json']);
  return { exitCode, receiver: JSON.parse(stdout).receiver };
}

async function notesIn(source: PostgresSource, folder: string): Promise<readonly unknown[]> {
  const server = await bootPostgres(source.settings, folder, { timeoutMs: 60_000 });
  try {
    return ((await server.rows('select id from notes order by id')) ?? []).map(({ id }) => id);
  } finally {
    await server.stop('clean');
  }
}

/** A few bytes just before that place. */
function damage(folder: string, lsn: string): void {
  const number = parseLsn(lsn) / BigInt(SEGMENT_BYTES);
  const name = readdirSync(folder).find(
    (each) => each.startsWith('0000000100000000') && BigInt(`0x${each.slice(16, 24)}`) === number,
  );
  const file = openSync(join(folder, name ?? ''), 'r+');
  writeSync(file, Buffer.from('damaged'), 0, 7, Number(parseLsn(lsn) % BigInt(SEGMENT_BYTES)) - 16);
  closeSync(file);
}
