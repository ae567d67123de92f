import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseLsn } from '../../pglite/control.ts';

const MAX_STDERR_CHARS = 4000;
const RECORD = /, lsn: ([0-9A-F]+\/[0-9A-F]+), prev /;
/** `desc: COMMIT 2026-11-23 21:20:01.123456 UTC`; of a prepared transaction its number goes before. */
const COMMIT = /desc: COMMIT(?:_PREPARED)? (?:\d+: )?(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\.(\d+) UTC/;

/** A transaction's commit, as the log has it. */
export interface WalCommit {
  /** Where its record begins. */
  readonly lsn: bigint;
  /** By the server's clock, milliseconds since the Unix epoch, to the microsecond. */
  readonly committedAtMs: number;
}

export interface WalRecord {
  readonly lsn: bigint;
  /** Undefined of every record but a commit's. */
  readonly commit: WalCommit | undefined;
}

/** What pg_waldump said at the end of what it can read: there every log ends with an error of it. */
export interface WalEnd {
  readonly said: string;
}

/**
 * Records of the log in `folder`, from `from` on, as pg_waldump reads them: each is checked by its CRC. Gives up at what is
 * no record; what it said then is returned.
 */
export async function* readRecords(
  { programFolder, folder, timeline }: { programFolder: string; folder: string; timeline: number },
  from: string,
): AsyncGenerator<WalRecord, WalEnd> {
  const child = spawn(
    join(programFolder, 'pg_waldump'),
    [`--path=${folder}`, `--timeline=${timeline}`, `--start=${from}`],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { LC_ALL: 'C', TZ: 'UTC' } },
  );
  const closed = once(child, 'close');
  closed.catch(() => undefined);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MAX_STDERR_CHARS);
  });
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const record = recordOf(line);
      if (record !== undefined) yield record;
    }
    await closed;
    return { said };
  } finally {
    child.kill('SIGKILL');
  }
}

function recordOf(line: string): WalRecord | undefined {
  const [, text] = RECORD.exec(line) ?? [];
  if (text === undefined) return undefined;
  const lsn = parseLsn(text);
  const [, day, second, micros = ''] = line.includes('COMMIT') ? (COMMIT.exec(line) ?? []) : [];
  if (day === undefined) return { lsn, commit: undefined };
  const committedAtMs = Date.parse(`${day}T${second}Z`) + Number(micros.padEnd(6, '0')) / 1000;
  return { lsn, commit: { lsn, committedAtMs } };
}
