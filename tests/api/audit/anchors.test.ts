import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAnchorFile } from '../../../src/api/audit/anchor/file.ts';
import { anchorPath } from '../../../src/api/audit/anchor/keep.ts';
import type { Heads } from '../../../src/api/audit/anchor/line.ts';
import { anchorFilesIn, readAnchors } from '../../../src/api/audit/anchor/read.ts';
import { deriveRing } from '../../../src/api/auth/keys.ts';
import { Secret } from '../../../src/core/secret.ts';

const [OLD, NEXT] = ['old', 'next'].map((name) => new Secret(Buffer.alloc(32, name).toString('base64')));
if (OLD === undefined || NEXT === undefined) throw new Error('there are two keys');
const old = deriveRing({ key: OLD, otherKeys: [] }, 'anchor');
const rotated = deriveRing({ key: NEXT, otherKeys: [OLD] }, 'anchor');
const retired = deriveRing({ key: NEXT, otherKeys: [] }, 'anchor');

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ompay-anchors-'));
  path = join(folder, 'host-blue.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

function heads(seq: number): Heads {
  const head = { seq, hash: String(seq).repeat(64).slice(0, 64) };
  return { atMs: seq, ledger: head, audit: head };
}

function write(ring: typeof old, ...seqs: readonly number[]): void {
  const writer = openAnchorFile(path, ring[0]);
  for (const seq of seqs) writer.append(heads(seq));
  writer.close();
}

/** The places in order, or `broken …`. */
async function read(keys: typeof old): Promise<readonly (number | string)[]> {
  const found: (number | string)[] = [];
  for (const file of anchorFilesIn(folder, keys)) {
    for await (const each of readAnchors(file)) {
      found.push(each.kind === 'line' ? each.line.ledger.seq : `broken ${each.row}`);
    }
  }
  return found;
}

test('a process goes on where the one before ended, and only its user can read the file', async () => {
  write(old, 1, 2);
  write(old, 3);
  expect(await read(old)).toEqual([1, 2, 3]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('what a killed process left unfinished is cut off', async () => {
  write(old, 1);
  appendFileSync(path, '{"atMs":2,"led');
  write(old, 3);
  expect(await read(old)).toEqual([1, 3]);
  writeFileSync(path, 'half');
  write(old, 4);
  expect(await read(old)).toEqual([4]);
});

test('a file that ends in something else is not gone on with', () => {
  for (const text of ['no anchor\n', '[]\n', 'null\n', '{"atMs":1}\n', '{"atMs":1,"ledger":{"seq":1}}\n']) {
    writeFileSync(path, text);
    expect(() => openAnchorFile(path, old[0])).toThrow('is no anchor');
  }
});

test('a changed, removed or added line is found at its place', async () => {
  write(old, 1, 2, 3);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const [first = '', second = '', third = ''] = lines;
  for (const [text, broken] of [
    [[first, second.replace('"atMs":2', '"atMs":7'), third], 2],
    [[first, second.replace(/"mac":"."/, '"mac":"0"').replace(/"mac":"[^"]*"/, '"mac":"00"'), third], 2],
    [[first, second.replace(/"mac":"[^"]*"/, `"mac":"${'0'.repeat(64)}"`), third], 2],
    [[first, third], 2],
    [[second, third], 1],
    [[first, first, second], 2],
    [[first, 'x', second], 2],
  ] as const) {
    writeFileSync(path, `${text.join('\n')}\n`);
    expect((await read(old)).at(-1)).toBe(`broken host-blue.jsonl line=${broken}`);
  }
});

test('a line under a key that was retired is vouched for by a later one, and by nothing else', async () => {
  write(old, 1, 2);
  expect(await read(rotated)).toEqual([1, 2]);
  expect(await read(retired)).toEqual([1, 2, 'broken host-blue.jsonl line=2']);
  write(rotated, 3);
  expect(await read(retired)).toEqual([1, 2, 3]);
});

test('each place that a process listens on has a file of its own', () => {
  const bySocket = anchorPath(folder, { kind: 'socket', path: '/run/ompay/blue.sock' });
  expect(bySocket).toMatch(/-blue\.jsonl$/);
  expect(anchorPath(folder, { kind: 'tcp', host: '127.0.0.1', port: 8081 })).toMatch(/-8081\.jsonl$/);
});
