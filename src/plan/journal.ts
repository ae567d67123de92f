import { createHash, type KeyObject, sign } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, isoTime } from '../core/clock.ts';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { readFileTail } from '../core/file-tail.ts';
import { withMutex } from '../core/mutex.ts';
import type { RunEvent } from './event.ts';
import { type JournalKeyFiles, journalKey } from './journal-key.ts';

/** The hash before the first line. */
export const GENESIS_HASH = '0'.repeat(64);
const APPEND_TIMEOUT_MS = 5000;

/** No event comes near it; it bounds what a reader holds in memory and what an append reads back. */
export const MAX_LINE_BYTES = 512 * 1024;

/** One line of the journal, in this order of keys. `hash` covers all before it; `signature` is ed25519 over the hash. */
export interface JournalLine {
  readonly seq: number;
  readonly at: string;
  readonly run: string;
  readonly by: string;
  readonly previous: string;
  readonly event: RunEvent;
  readonly hash: string;
  readonly signature: string;
}

/** The newest line's place, kept beside the journal: what tells that its tail was cut. */
export interface JournalHead {
  readonly seq: number;
  readonly hash: string;
  readonly signature: string;
}

export interface JournalFiles extends JournalKeyFiles {
  readonly lines: string;
  readonly head: string;
}

export function journalFiles(folders: { readonly journal: string; readonly keys: string }): JournalFiles {
  return {
    lines: join(folders.journal, 'journal.jsonl'),
    head: join(folders.journal, 'head.json'),
    mutex: join(folders.journal, 'append.mutex'),
    privateKey: join(folders.keys, 'journal-ed25519.pem'),
    publicKey: join(folders.keys, 'journal-ed25519.pub.pem'),
  };
}

export interface Journal {
  /** Durable (fdatasync) when it returns. Several processes may append at once. */
  append(event: RunEvent): void;
}

export interface JournalIdentity {
  readonly run: string;
  /** Who acts, as `user@host`. */
  readonly by: string;
}

/** Opens (and on first use makes) the journal and its key. Throws `stateUnusable` when the folder cannot be written. */
export function openJournal(files: JournalFiles, identity: JournalIdentity, clock: Clock): Journal {
  const key = journalKey(files);
  return {
    append: (event) => {
      withMutex(files.mutex, APPEND_TIMEOUT_MS, () =>
        appendLine(files, key, { ...identity, at: isoTime(clock.now()), event }),
      );
    },
  };
}

type LineContent = Pick<JournalLine, 'at' | 'run' | 'by' | 'event'>;

function appendLine(files: JournalFiles, key: KeyObject, content: LineContent): void {
  try {
    const descriptor = openSync(files.lines, 'a+', 0o600);
    try {
      appendTo(descriptor, files, { key, content });
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw unwritable(files.lines, error);
  }
}

function appendTo(
  descriptor: number,
  files: JournalFiles,
  { key, content }: { readonly key: KeyObject; readonly content: LineContent },
): void {
  const last = lastLine(descriptor, files.lines);
  const line = sealLine(content, last, key);
  const text = lineText(line);
  if (text.length > MAX_LINE_BYTES / 4)
    throw new TypeError(`an event of ${text.length} characters is too long`);
  writeWhole(descriptor, `${last.isTorn ? '\n' : ''}${text}\n`);
  fdatasyncSync(descriptor);
  writeHead(files.head, line);
}

function sealLine(content: LineContent, last: { seq: number; hash: string }, key: KeyObject): JournalLine {
  const unsealed = {
    seq: last.seq + 1,
    at: content.at,
    run: content.run,
    by: content.by,
    previous: last.hash,
    event: content.event,
  };
  const hash = lineHash(unsealed);
  return { ...unsealed, hash, signature: sign(null, Buffer.from(hash, 'hex'), key).toString('base64') };
}

/** SHA-256 over the line without hash and signature, as JSON in the order of JournalLine. */
export function lineHash(line: Omit<JournalLine, 'hash' | 'signature'>): string {
  const { seq, at, run, by, previous, event } = line;
  return createHash('sha256').update(JSON.stringify({ seq, at, run, by, previous, event })).digest('hex');
}

/** The one way in which a line is written: any other bytes with the same meaning are a change. */
export function lineText(line: JournalLine): string {
  const { seq, at, run, by, previous, event, hash, signature } = line;
  return JSON.stringify({ seq, at, run, by, previous, event, hash, signature });
}

/** Not fsynced: after a crash of the machine the head may be older than the journal, whose lines are signed each. */
function writeHead(path: string, line: JournalLine): void {
  const head: JournalHead = { seq: line.seq, hash: line.hash, signature: line.signature };
  writeFileSync(`${path}.part`, JSON.stringify(head), { mode: 0o600 });
  renameSync(`${path}.part`, path);
}

function writeWhole(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(descriptor, bytes, offset);
}

function unwritable(path: string, cause: unknown): unknown {
  const code = systemCodeOf(cause);
  if (cause instanceof OmpayError || code === undefined) return cause;
  return new OmpayError('stateUnusable', `cannot write the journal ${path} (${code})`, {
    hint: 'free some disk space or mend the permissions, then run the command again: ompay doctor',
    cause,
  });
}

/**
 * When the newest whole line was written, epoch milliseconds; undefined when there is none. Reads the tail alone,
 * however long the journal is. Throws `stateUnusable` when it cannot be read.
 */
export function newestLineTimeMs(files: JournalFiles): number | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(files.lines, 'r');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw unreadableJournal(files.lines, error);
  }
  try {
    const timeMs = Date.parse(readTail(descriptor).line?.at ?? '');
    return Number.isNaN(timeMs) ? undefined : timeMs;
  } catch (error) {
    throw unreadableJournal(files.lines, error);
  } finally {
    closeSync(descriptor);
  }
}

function unreadableJournal(path: string, cause: unknown): OmpayError {
  const why = systemCodeOf(cause) ?? 'no code';
  return new OmpayError('stateUnusable', `cannot read the journal ${path} (${why})`, {
    hint: `make it readable for this user: chmod u+rw '${path}'`,
    cause,
  });
}

/** The lines at the journal's end, newest first: all of a short one. Empty when there is none. Throws `stateUnusable`. */
export function newestLines(files: Pick<JournalFiles, 'lines'>): JournalLine[] {
  let descriptor: number;
  try {
    descriptor = openSync(files.lines, 'r');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw unreadableJournal(files.lines, error);
  }
  try {
    return readFileTail(descriptor, TAIL_BYTES)
      .text.split('\n')
      .reverse()
      .map(parseLine)
      .filter((line) => line !== undefined);
  } catch (error) {
    throw unreadableJournal(files.lines, error);
  } finally {
    closeSync(descriptor);
  }
}

/** What the next line follows from. Throws `journalBroken` when a long file's tail holds no line. */
function lastLine(descriptor: number, path: string): { seq: number; hash: string; isTorn: boolean } {
  const { line, isTorn, isAll } = readTail(descriptor);
  if (line !== undefined) return { seq: line.seq, hash: line.hash, isTorn };
  if (isAll) return { seq: 0, hash: GENESIS_HASH, isTorn };
  throw new OmpayError('journalBroken', `the last ${TAIL_BYTES} bytes of ${path} hold no readable line`, {
    hint: 'see what is wrong: ompay audit verify',
  });
}

const TAIL_BYTES = 2 * MAX_LINE_BYTES;
/** Holds the last line nearly always; reading the whole tail before each append took a tenth of a rollback. */
const SHORT_TAIL_BYTES = 16 * 1024;

interface Tail {
  /** The newest whole line among the last TAIL_BYTES. */
  readonly line: JournalLine | undefined;
  /** The file does not end with a newline; the last line may be whole all the same. */
  readonly isTorn: boolean;
  /** Whether the tail is all there is. */
  readonly isAll: boolean;
}

/** A torn end (its writer was killed in mid-write) stays as it is: it was never acknowledged. */
function readTail(descriptor: number): Tail {
  const short = tailOf(descriptor, SHORT_TAIL_BYTES);
  return short.line !== undefined || short.isAll ? short : tailOf(descriptor, TAIL_BYTES);
}

function tailOf(descriptor: number, maxBytes: number): Tail {
  const { text, isAll } = readFileTail(descriptor, maxBytes);
  const end = { isTorn: text !== '' && !text.endsWith('\n'), isAll };
  for (const candidate of text.split('\n').reverse()) {
    const line = parseLine(candidate);
    if (line !== undefined) return { line, ...end };
  }
  return { line: undefined, ...end };
}

/** Undefined when the text is not a line of a journal. */
export function parseLine(text: string): JournalLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJournalLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isJournalLine(value: unknown): value is JournalLine {
  if (typeof value !== 'object' || value === null) return false;
  const record: Readonly<Record<string, unknown>> = { ...value };
  const texts = ['at', 'run', 'by', 'previous', 'hash', 'signature'];
  return (
    Number.isInteger(record.seq) &&
    texts.every((name) => typeof record[name] === 'string') &&
    typeof record.event === 'object' &&
    record.event !== null
  );
}
