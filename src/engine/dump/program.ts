import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { temporaryFolder } from '../../core/unfinished.ts';
import { optionFile } from '../mariadb/option-file.ts';
import { connectionText, shownPlace } from '../postgres/access.ts';
import type { DumpSource, MysqlDump } from './source.ts';

/** A terabyte at 50 MB/s. */
const DUMP_TIMEOUT_MS = 6 * 60 * 60_000;
const MAX_STDERR_CHARS = 8000;

type Child = ChildProcessByStdio<null, Readable, Readable>;

/**
 * What the stock program writes, as it comes; of one transaction that reads alone, so clients are served meanwhile. The
 * password is in a file (0600) or in the child's environment. Throws `databaseUnavailable` with what the program said last.
 */
export async function* dumpBytes(dump: DumpSource, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  const folder = temporaryFolder('dump');
  const limit = AbortSignal.timeout(DUMP_TIMEOUT_MS);
  try {
    const child = await start(dump, join(folder, 'options.cnf'));
    yield* outputOf(dump, child, { asked: signal, limit });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function start(dump: DumpSource, optionsPath: string): Promise<Child> {
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
  if (dump.engine === 'postgres')
    return spawn(dump.program, postgresArguments(dump), {
      stdio,
      // Of the environment of ours it is given nothing: PGHOST and the like would lead it elsewhere.
      env: { LC_ALL: 'C', PGPASSWORD: dump.source.password.reveal() },
    });
  await writeFile(
    optionsPath,
    optionFile(dump.source, dump.engine === 'mysql' ? 'mysqldump' : 'mariadb-dump'),
    {
      mode: 0o600,
    },
  );
  return spawn(dump.program, mysqlArguments(dump, optionsPath), { stdio, env: { LC_ALL: 'C' } });
}

function postgresArguments({ source, database }: DumpSource): readonly string[] {
  const connection = `${connectionText(source)} dbname='${database.replace(/[\\']/g, '\\$&')}'`;
  return [
    ...['--format=plain', '--no-password', '--no-owner', '--no-privileges', '--lock-wait-timeout=60000'],
    `--dbname=${connection}`,
  ];
}

function mysqlArguments({ engine, database, tables }: MysqlDump, optionsPath: string): readonly string[] {
  return [
    `--defaults-file=${optionsPath}`,
    ...['--single-transaction', '--quick', '--hex-blob', '--triggers', '--no-tablespaces'],
    // Somebody may load single tables into the very database that has them: it must refuse that, not drop its own.
    tables === undefined ? '--routines' : '--skip-add-drop-table',
    // Its GTIDs are not the target's: a dump is loaded into any server.
    ...(engine === 'mysql' ? ['--set-gtid-purged=OFF'] : []),
    '--',
    database,
    ...(tables ?? []),
  ];
}

interface Ends {
  readonly asked: AbortSignal | undefined;
  readonly limit: AbortSignal;
}

async function* outputOf(dump: DumpSource, child: Child, { asked, limit }: Ends): AsyncGenerator<Uint8Array> {
  const signal = asked === undefined ? limit : AbortSignal.any([asked, limit]);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MAX_STDERR_CHARS);
  });
  const closed = once(child, 'close');
  // Awaited below, and perhaps never when the reader gives up first.
  closed.catch(() => undefined);
  const abort = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', abort, { once: true });
  try {
    yield* child.stdout;
    await closed;
    if (child.exitCode !== 0) throw new Error(`it ended (${child.signalCode ?? child.exitCode})`);
  } catch (error) {
    asked?.throwIfAborted();
    child.kill('SIGKILL');
    // That it could not be begun at all is said here, and of its output only that it ended.
    const cause: unknown = await closed.then(
      () => error,
      (first: unknown) => first,
    );
    throw limit.aborted ? tooSlow(dump) : failed(dump, said, cause);
  } finally {
    signal.removeEventListener('abort', abort);
    child.kill('SIGKILL');
  }
}

function tooSlow({ program }: DumpSource): OmpayError {
  return new OmpayError('timeout', `${program} had not ended after ${DUMP_TIMEOUT_MS / 3_600_000} h`, {
    hint: 'look what holds it up, then run the same command again',
  });
}

function failed({ source, program }: DumpSource, said: string, cause: unknown): OmpayError {
  const told =
    said
      .trimEnd()
      .split('\n')
      .findLast((line) => line !== '') ?? '';
  const why = told === '' ? messageOf(cause) : told;
  return new OmpayError(
    'databaseUnavailable',
    `${program} did not dump the database at ${shownPlace(source)}: ${why}`,
    {
      hint: 'look at its programs and its grants: docs/backup.md, "Logical dumps"',
      cause,
    },
  );
}
