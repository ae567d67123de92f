import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { systemCodeOf } from '../../core/errors.ts';

/** One usable line of a known_hosts file. */
export interface KnownHost {
  readonly isRevoked: boolean;
  /** Names, patterns, or one hashed name. */
  readonly names: readonly string[];
  /** `ssh-ed25519`, `ssh-rsa`, … */
  readonly keyType: string;
  /** The key as the server sends it. */
  readonly key: Buffer;
}

/** `revoked` also when the key is good for other hosts: a stolen key is nobody's. */
export type KeyVerdict = 'known' | 'unknown' | 'changed' | 'revoked';

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const PATTERN_SYNTAX = /[.*+?^${}()|[\]\\]/g;

/**
 * Reads the format of sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". A line that cannot be read proves nothing and is passed over,
 * as ssh does; so are certificate authorities (`@cert-authority`), which are not supported.
 */
export function parseKnownHosts(text: string): KnownHost[] {
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined;
    const [names = '', keyType = '', key = ''] = words;
    if (names.startsWith('#') || !BASE64.test(key)) return [];
    if (marker !== undefined && marker !== '@revoked') return [];
    return [
      { isRevoked: marker === '@revoked', names: names.split(','), keyType, key: Buffer.from(key, 'base64') },
    ];
  });
}

export function judgeKey(known: readonly KnownHost[], name: string, key: Buffer): KeyVerdict {
  if (known.some((each) => each.isRevoked && each.key.equals(key))) return 'revoked';
  const own = keysOf(known, name);
  if (own.some((each) => each.key.equals(key))) return 'known';
  return own.length === 0 ? 'unknown' : 'changed';
}

/** The types of the keys that a host is known by: no other may be offered, or a stranger could bring one of another type. */
export function knownKeyTypes(known: readonly KnownHost[], name: string): string[] {
  return [...new Set(keysOf(known, name).map(({ keyType }) => keyType))];
}

function keysOf(known: readonly KnownHost[], name: string): KnownHost[] {
  return known.filter((each) => !each.isRevoked && isNamed(each.names, name));
}

/** A negated pattern that fits takes the whole line away (ssh_config(5), "PATTERNS"). */
function isNamed(patterns: readonly string[], name: string): boolean {
  if (patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1), name))) return false;
  return patterns.some((pattern) => fits(pattern, name));
}

function fits(pattern: string, name: string): boolean {
  if (pattern.startsWith('|1|')) return fitsHash(pattern, name);
  const source = pattern
    .replaceAll(PATTERN_SYNTAX, String.raw`\$&`)
    .replaceAll(String.raw`\*`, '.*')
    .replaceAll(String.raw`\?`, '.');
  return new RegExp(`^${source}$`, 'i').test(name);
}

/** `|1|salt|hash`: HMAC-SHA1 of the name in lower case (HashKnownHosts of ssh_config(5)). */
function fitsHash(pattern: string, name: string): boolean {
  const [, , salt = '', hash = ''] = pattern.split('|');
  const seen = createHmac('sha1', Buffer.from(salt, 'base64')).update(name.toLowerCase()).digest();
  const expected = Buffer.from(hash, 'base64');
  return expected.length === seen.length && timingSafeEqual(expected, seen);
}

/** An absent file knows nobody. */
export function readKnownHosts(path: string): KnownHost[] {
  try {
    return parseKnownHosts(readFileSync(path, 'utf8'));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Adds a line by one write at the end of the file, so that others who add theirs at the same time lose nothing; 0600 when new. */
export function addKnownHost(path: string, name: string, key: Buffer): void {
  const descriptor = openSync(path, 'a+', 0o600);
  try {
    const gap = endsALine(path) ? '' : '\n';
    writeSync(descriptor, `${gap}${name} ${keyTypeOf(key)} ${key.toString('base64')}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function endsALine(path: string): boolean {
  const text = readFileSync(path, 'utf8');
  return text === '' || text.endsWith('\n');
}

/** The type is the first string of the key itself (RFC 4253, 6.6). */
export function keyTypeOf(key: Buffer): string {
  const lengthBytes = key.length < 4 ? 0 : key.readUInt32BE(0);
  return key.subarray(4, 4 + lengthBytes).toString('latin1');
}

/** `SHA256:…`, as `ssh-keygen -l` prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}
