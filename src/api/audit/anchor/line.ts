import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { RingKey } from '../../auth/keys.ts';

/** Where both chains were at a moment. */
export interface Heads {
  readonly atMs: number;
  readonly ledger: { readonly seq: number; readonly hash: string };
  readonly audit: { readonly seq: number; readonly hash: string };
}

/** One line of an anchor file, as JSON. Each is chained to the line before, and signed. */
export interface AnchorLine extends Heads {
  /** Of the line before; GENESIS_HASH in the first. */
  readonly previous: string;
  /** Which key signed it. */
  readonly keyId: string;
  readonly hash: string;
  /** HMAC-SHA256 hex of `hash`: with it, a line vouches for all lines before it. */
  readonly mac: string;
}

export function anchorLine(heads: Heads, previous: string, { id, key }: RingKey): AnchorLine {
  const lineHash = hashOf(heads, previous, id);
  return { ...heads, previous, keyId: id, hash: lineHash, mac: macOf(key, lineHash) };
}

/** Whether the line is whole, and follows the one before. */
export function isChained(line: AnchorLine, previous: string): boolean {
  return line.previous === previous && line.hash === hashOf(line, previous, line.keyId);
}

export function isSigned(line: AnchorLine, key: Buffer): boolean {
  const [given, right] = [Buffer.from(line.mac), Buffer.from(macOf(key, line.hash))];
  return given.length === right.length && timingSafeEqual(given, right);
}

/** Undefined for what is no line of an anchor file. */
export function parseAnchorLine(text: string): AnchorLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isAnchorLine(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function hashOf({ atMs, ledger, audit }: Heads, previous: string, keyId: string): string {
  const record = [previous, atMs, ledger.seq, ledger.hash, audit.seq, audit.hash, keyId];
  return hash('sha256', JSON.stringify(record));
}

function macOf(key: Buffer, lineHash: string): string {
  return createHmac('sha256', key).update(lineHash).digest('hex');
}

function isAnchorLine(value: unknown): value is AnchorLine {
  return (
    isObject(value) &&
    typeof value.atMs === 'number' &&
    isHead(value.ledger) &&
    isHead(value.audit) &&
    ['previous', 'keyId', 'hash', 'mac'].every((name) => typeof value[name] === 'string')
  );
}

function isHead(value: unknown): boolean {
  return isObject(value) && typeof value.seq === 'number' && typeof value.hash === 'string';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
