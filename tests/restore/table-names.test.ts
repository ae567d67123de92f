import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { assertAttainable } from '../../src/restore/table-names.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

/** What `createReadStream` reads at a time. */
const CHUNK_BYTES = 64 * 1024;
const MANY = Array.from({ length: 25 }, (_, index) => `table_${index}`);

/** Of a base that has these tables. */
function sessionWith(names: readonly string[]) {
  return { rows: async () => names.map((name) => ({ name })) };
}

async function looked(log: string, table: string, sizeBytes = log.length): Promise<string> {
  const path = join(temporaryFolder(), 'binlog.000001');
  writeFileSync(path, log, 'latin1');
  const files = [
    { path: '/never/opened', sizeBytes: 0 },
    { path, sizeBytes },
  ];
  try {
    await assertAttainable(sessionWith(['accounts']), { database: 'ompay', tables: [table] }, files);
    return 'may be there';
  } catch (error) {
    return String(error);
  }
}

test('a table may be there when the log up to the target names it, wherever its chunks end', async () => {
  const statement = 'create table `fees` (id int)';
  for (const before of [0, CHUNK_BYTES - 15, CHUNK_BYTES - 14, CHUNK_BYTES - 13])
    expect(await looked(`${'.'.repeat(before)}${statement}`, 'fees')).toBe('may be there');
  expect(await looked('rename table fee$s_0 to fee$s', 'fee$s')).toBe('may be there');
  expect(await looked('', 'accounts')).toBe('may be there');
});

test('a table that is named after the target alone, or as a part of other words, cannot be there', async () => {
  const refusal = 'there is no table fees in ompay in the base backup, and the log up to there names none';
  for (const log of ['create table fees2 (id int)', 'create table `old_fees` (', 'drop table éfees', ''])
    expect(await looked(log, 'fees')).toContain(refusal);
  const later = 'commit; create table fees (id int)';
  expect(await looked(later, 'fees', later.indexOf('create'))).toContain(refusal);
});

test('the refusal names what is near, and some of what there is', async () => {
  const wanted = { database: 'ompay', tables: ['table_77'] };
  await expect(assertAttainable(sessionWith(MANY), wanted, [])).rejects.toMatchObject({
    code: 'notFound',
    message: expect.stringContaining('(did you mean table_7?)'),
    hint: `--table NAME of these: ${MANY.slice(0, 20).join(', ')} and 5 more`,
  });
  await expect(assertAttainable(sessionWith([]), wanted, [])).rejects.toMatchObject({
    hint: expect.stringContaining('none, as the database is empty then'),
  });
});
