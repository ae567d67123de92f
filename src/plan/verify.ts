import { type KeyObject, verify } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import {
  GENESIS_HASH,
  type JournalFiles,
  type JournalHead,
  type JournalLine,
  lineHash,
  lineText,
  MAX_LINE_BYTES,
  parseLine,
} from './journal.ts';
import { journalPublicKey } from './journal-key.ts';

export type JournalVerdict =
  | { readonly kind: 'intact'; readonly lines: number; readonly tornLines: number }
  /** `line` counts from 1 in the file; for a cut tail it is the first missing one. */
  | { readonly kind: 'broken'; readonly line: number; readonly why: string };

interface Position {
  seq: number;
  hash: string;
  line: number;
  tornLines: number;
  /** The last line, when it is an unfinished one; the next whole line must then have the number that it would have had. */
  openTornLine: number | undefined;
  /** The hash at the head's seq, once passed. */
  hashAtHead: string | undefined;
}

/**
 * Reads the whole journal: each line's hash, signature, number and link to the one before, and the signed head beside
 * it. Finds a changed byte, a deleted, swapped or inserted line, a cut tail and a rewrite without the key. What it
 * cannot find, alone: the tail cut and an older head put back with it (docs/journal.md).
 */
export async function verifyJournal(files: JournalFiles): Promise<JournalVerdict> {
  const key = journalPublicKey(files);
  if (key === undefined) return verdictWithoutKey(files);
  const head = readHead(files.head);
  if (!existsSync(files.lines)) return { kind: 'broken', line: 1, why: 'the journal file is missing' };
  const position: Position = {
    seq: 0,
    hash: GENESIS_HASH,
    line: 0,
    tornLines: 0,
    openTornLine: undefined,
    hashAtHead: undefined,
  };
  for await (const line of linesOf(files.lines)) {
    const why = checkLine(line.bytes, position, key);
    if (why !== undefined) return { kind: 'broken', line: position.openTornLine ?? position.line, why };
    if (position.seq !== head?.seq) continue;
    position.hashAtHead ??= position.hash;
    // The head is written after the whole line, newline included.
    if (!line.isEnded && position.openTornLine === undefined)
      return { kind: 'broken', line: position.line, why: 'the tail is cut: its final newline is missing' };
  }
  return checkHead(head, position, key);
}

export interface RawLine {
  readonly bytes: Buffer;
  /** Whether a newline follows. */
  readonly isEnded: boolean;
}

/** Bytes between newlines. Not node:readline: it also splits at characters that an event may hold (U+2028, CR). */
export async function* linesOf(path: string): AsyncGenerator<RawLine> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, from)) {
      yield { bytes: bytes.subarray(from, end), isEnded: true };
      from = end + 1;
    }
    rest = bytes.subarray(from);
    if (rest.length > MAX_LINE_BYTES) break;
  }
  if (rest.length > 0) yield { bytes: rest, isEnded: false };
}

/** Undefined when the line is right; moves the position on. */
function checkLine(bytes: Buffer, position: Position, key: KeyObject): string | undefined {
  position.line += 1;
  const line = parseLine(bytes.toString('utf8'));
  if (line === undefined) return tornOrBroken(bytes.toString('utf8'), position);
  if (!Buffer.from(lineText(line)).equals(bytes)) return 'its bytes are not those that were written';
  if (line.seq !== position.seq + 1) return wrongNumber(line.seq, position);
  if (line.previous !== position.hash) return 'it does not follow from the line before';
  if (lineHash(line) !== line.hash) return 'its content does not match its hash';
  if (!isSigned(line, key)) return 'its signature is not of this installation';
  position.openTornLine = undefined;
  position.seq = line.seq;
  position.hash = line.hash;
  return undefined;
}

function wrongNumber(seq: number, position: Position): string {
  if (position.openTornLine !== undefined) return `it is not a whole line, yet number ${seq} follows it`;
  return `it is number ${seq}, after number ${position.seq}`;
}

/** A writer killed in mid-write leaves the beginning of a line; the next writer starts a new one. */
function tornOrBroken(text: string, position: Position): string | undefined {
  const next = `{"seq":${position.seq + 1},`;
  const isTorn = text !== '' && text.startsWith(next.slice(0, text.length)) && !SEALED.test(text);
  if (!isTorn) return 'it is not a line of this journal';
  position.tornLines += 1;
  position.openTornLine = position.line;
  return undefined;
}

/** How a whole line ends; an unfinished one cannot. */
export const SEALED = /,"hash":"[^"]*","signature":"[^"]*"\}$/;

/** Whether one line alone is as it was written: its hash and its signature. Its place in the journal is not looked at. */
export function isProven(line: JournalLine, key: KeyObject): boolean {
  return lineHash(line) === line.hash && isSigned(line, key);
}

/** Base64 has several spellings of the same bytes; only the one that is written counts. */
export function isSigned(line: Pick<JournalLine, 'hash' | 'signature'>, key: KeyObject): boolean {
  const signature = Buffer.from(line.signature, 'base64');
  if (signature.toString('base64') !== line.signature) return false;
  return verify(null, Buffer.from(line.hash, 'hex'), key, signature);
}

function checkHead(head: JournalHead | undefined, position: Position, key: KeyObject): JournalVerdict {
  const end = position.line;
  if (head === undefined) {
    return position.seq <= 1
      ? intact(position)
      : { kind: 'broken', line: end, why: 'the signed head is missing' };
  }
  if (!isSigned(head, key))
    return { kind: 'broken', line: end, why: 'the head beside it is not signed by this installation' };
  if (position.seq < head.seq) {
    return {
      kind: 'broken',
      line: position.openTornLine ?? end + 1,
      why: `the tail is cut: the signed head is number ${head.seq}, the last line number ${position.seq}`,
    };
  }
  if (position.hashAtHead !== head.hash)
    return { kind: 'broken', line: end, why: 'the signed head belongs to another journal' };
  return intact(position);
}

function intact(position: Position): JournalVerdict {
  return { kind: 'intact', lines: position.seq, tornLines: position.tornLines };
}

function verdictWithoutKey(files: JournalFiles): JournalVerdict {
  if (!existsSync(files.lines) && !existsSync(files.head)) return { kind: 'intact', lines: 0, tornLines: 0 };
  return { kind: 'broken', line: 1, why: 'the public key of the installation is missing' };
}

function readHead(path: string): JournalHead | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isHead(value) ? value : { seq: Number.MAX_SAFE_INTEGER, hash: '', signature: '' };
  } catch {
    return existsSync(path) ? { seq: Number.MAX_SAFE_INTEGER, hash: '', signature: '' } : undefined;
  }
}

function isHead(value: unknown): value is JournalHead {
  return (
    typeof value === 'object' &&
    value !== null &&
    'seq' in value &&
    'hash' in value &&
    'signature' in value &&
    typeof value.seq === 'number' &&
    typeof value.hash === 'string' &&
    typeof value.signature === 'string'
  );
}
