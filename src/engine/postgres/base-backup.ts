import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { ArchiveEntry } from '../../core/archive.ts';
import type { Clock } from '../../core/clock.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { connectionText, shownPlace } from './access.ts';
import type { PostgresSettings } from './settings.ts';
import { tarEntries } from './tar-entries.ts';

/** The server may be silent while it writes its buffers down, and while a slow store holds us up we do not ask it. */
const SILENCE_TIMEOUT_MS = 10 * 60_000;
const MAX_STDERR_CHARS = 8000;

export interface BaseBackup {
  /** Files as pg_basebackup sends them; the log that replay needs and PostgreSQL's own manifest are the last ones. */
  readonly entries: AsyncIterable<ArchiveEntry>;
  /** Where replay begins, and where the copy is consistent; known once the entries were read to their end. */
  positions(): { readonly from: string; readonly to: string };
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/**
 * pg_basebackup of the source, its tar read as it comes: nothing is written here or there. It ends when the entries are
 * given up or the signal is aborted. Throws `databaseUnavailable` with what it said last.
 */
export function baseBackup(
  settings: PostgresSettings,
  { label, signal }: { readonly label: string; readonly signal?: AbortSignal },
): BaseBackup {
  let said = '';
  const say = (text: string): void => {
    said = (said + text).slice(-MAX_STDERR_CHARS);
  };
  return {
    entries: entriesOf(settings, { label, signal, say, said: () => said }),
    positions: () => positionsIn(said),
  };
}

interface Run {
  readonly label: string;
  readonly signal: AbortSignal | undefined;
  say(text: string): void;
  said(): string;
}

async function* entriesOf(settings: PostgresSettings, run: Run): AsyncGenerator<ArchiveEntry> {
  run.signal?.throwIfAborted();
  const child = start(settings, run);
  const closed = once(child, 'close');
  // Awaited below, and perhaps never when the reader gives up first.
  closed.catch(() => undefined);
  const abort = (): void => void child.kill('SIGKILL');
  run.signal?.addEventListener('abort', abort, { once: true });
  try {
    for await (const entry of tarEntries(speaking(child.stdout, settings.clock))) {
      run.signal?.throwIfAborted();
      yield entry;
    }
    await closed;
    if (child.exitCode !== 0) throw new Error(`pg_basebackup ended (${child.signalCode ?? child.exitCode})`);
  } catch (error) {
    run.signal?.throwIfAborted();
    if (error instanceof OmpayError) throw error;
    child.kill('SIGKILL');
    throw failed(
      settings,
      run.said(),
      await closed.then(
        () => error,
        (cause: unknown) => cause,
      ),
    );
  } finally {
    run.signal?.removeEventListener('abort', abort);
    child.kill('SIGKILL');
  }
}

function start(settings: PostgresSettings, run: Run): Child {
  const { source, programFolder } = settings;
  const child = spawn(
    join(programFolder, 'pg_basebackup'),
    [
      ...['--pgdata=-', '--format=tar', '--wal-method=fetch', '--checkpoint=fast', '--no-password'],
      ...['--verbose', `--label=ompay ${run.label}`, `--dbname=${connectionText(source)}`],
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Of the environment of ours it is given nothing: PGHOST and the like would lead it elsewhere.
      env: { LC_ALL: 'C', PGPASSWORD: source.password.reveal() },
    },
  );
  child.stderr.setEncoding('utf8').on('data', run.say);
  return child;
}

/** The same bytes; throws when none come for too long while they are waited for. */
async function* speaking(bytes: AsyncIterable<Uint8Array>, clock: Clock): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]();
  for (;;) {
    const timer = new AbortController();
    const silence = clock.sleep(SILENCE_TIMEOUT_MS, timer.signal).then(
      () => true,
      () => false,
    );
    const next = source.next();
    // It fails when the process is ended after the silence.
    next.catch(() => undefined);
    const first = await Promise.race([next, silence]).finally(() => timer.abort());
    if (typeof first === 'boolean')
      throw new Error(`nothing came for ${SILENCE_TIMEOUT_MS / 60_000} minutes`);
    if (first.done === true) return;
    yield first.value;
  }
}

function failed(settings: PostgresSettings, said: string, cause: unknown): OmpayError {
  const lines = said.trimEnd().split('\n');
  const told = lines.findLast((line) => line.includes('error:')) ?? messageOf(cause);
  const what = `the database at ${shownPlace(settings.source)} was not copied: ${told.replace(/^pg_basebackup: /, '')}`;
  return new OmpayError('databaseUnavailable', what, { hint: hintFor(told), cause });
}

function hintFor(told: string): string {
  if (told.includes('ENOENT'))
    return 'install the programs of its series: apt-get install postgresql-client-15';
  if (told.includes('tablespaces') || told.includes('tablespace'))
    return 'move the tables into the default tablespace: ALTER TABLE … SET TABLESPACE pg_default';
  if (/pg_hba.conf|password|replication/.test(told))
    return 'pg_hba.conf needs: hostssl replication ompay_backup ADDRESS scram-sha-256 (docs/postgres-backup.md)';
  return 'look at the server: systemctl status postgresql, then its log';
}

/** `write-ahead log start point: 0/2000028 on timeline 1`, `write-ahead log end point: 0/2000138`. */
function positionsIn(said: string): { from: string; to: string } {
  const from = /write-ahead log start point: (\S+)/.exec(said)?.[1];
  const to = /write-ahead log end point: (\S+)/.exec(said)?.[1];
  if (from === undefined || to === undefined)
    throw new TypeError('the archive was not read to its end, or pg_basebackup says no positions');
  return { from, to };
}
