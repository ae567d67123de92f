import { expect, test } from 'vitest';
import type { ArchiveEntry } from '../../../src/core/archive.ts';
import { parts } from '../../../src/engine/dump/capture.ts';
import { scanDump } from '../../../src/engine/dump/scan.ts';

/** In chunks that end in the middle of words. */
async function* chunked(text: string): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += 7) yield Buffer.from(text.slice(at, at + 7));
}

test('rows of mysqldump are counted, whatever parentheses and quotes they hold', async () => {
  const dump = [
    '-- Server version\t9.7.1',
    'CREATE TABLE `accounts` (',
    '  `id` int,',
    ');',
    'CREATE TABLE `users` (',
    ');',
    "INSERT INTO `accounts` VALUES (1,'a),(b\\'(\\\\'),(2,NULL),(3,_binary 'it''s (');",
    'INSERT INTO `accounts` VALUES (4,0xFF);',
    '-- Dump completed on 2026-11-23  3:00:00',
    '',
  ].join('\n');
  expect(await scanDump(chunked(dump))).toEqual({
    serverVersion: '9.7.1',
    isComplete: true,
    rows: new Map([
      ['accounts', 4],
      ['users', 0],
    ]),
  });
});

test('rows of mariadb-dump are counted, each on a line of its own', async () => {
  const dump =
    "INSERT INTO `accounts` VALUES\n(1,'INSERT INTO `users` VALUES (1)'),\n(2,';');\n-- Dump completed\n";
  expect((await scanDump(chunked(dump))).rows).toEqual(new Map([['accounts', 2]]));
});

test('what triggers and routines insert is no row of the dump', async () => {
  const dump = [
    'INSERT INTO `accounts` VALUES (1);',
    'DELIMITER ;;',
    '/*!50003 CREATE*/ /*!50003 TRIGGER `t` AFTER UPDATE ON `accounts` FOR EACH ROW BEGIN',
    'INSERT INTO `accounts` VALUES',
    '(1, now());',
    'END */;;',
    'DELIMITER ;',
    'INSERT INTO `accounts` VALUES (2);',
  ].join('\n');
  expect((await scanDump(chunked(dump))).rows).toEqual(new Map([['accounts', 2]]));
});

test('a dump that was cut within a string is read to its end at once, however long the string', async () => {
  const dump = `INSERT INTO \`accounts\` VALUES (1,'${'a(\\"'.repeat(1_000_000)}`;
  const whole = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from(dump);
  };
  const { isComplete, rows } = await scanDump(whole());
  expect({ isComplete, rows }).toEqual({ isComplete: false, rows: new Map([['accounts', 1]]) });
});

test('rows of pg_dump are counted, and a row that reads like the last line ends nothing', async () => {
  const rows = ['1\t-- PostgreSQL database dump complete', '2\t\\\\.'];
  const dump = `-- Dumped from database version 15.18\nCREATE TABLE public.users (\n);\nCOPY public.users (id, name) FROM stdin;\n${rows.join('\n')}\n\\.\n`;
  expect(await scanDump(chunked(dump))).toEqual({
    serverVersion: '15.18',
    isComplete: false,
    rows: new Map([['users', 2]]),
  });
});

test('a dump is cut into parts that are the dump again, one after the other', async () => {
  const chunk = Buffer.alloc(5 * 1024 * 1024, 'x');
  const thrice = async function* (): AsyncGenerator<Uint8Array> {
    for (let count = 0; count < 3; count += 1) yield chunk;
  };
  const entries: ArchiveEntry[] = [];
  for await (const entry of parts(thrice(), 0)) entries.push(entry);
  expect(entries.map((entry) => [entry.path, entry.kind === 'file' ? entry.sizeBytes : null])).toEqual([
    ['dump.sql', null],
    ['dump.sql/00000001', 2 * chunk.length],
    ['dump.sql/00000002', chunk.length],
  ]);
});
