import { expect, test } from 'vitest';
import {
  decodeFacts,
  encodeProof,
  type FactRow,
  type Facts,
  type ProofQuery,
  proveCopy,
  type QuerySession,
  readFacts,
  type SourceFacts,
} from '../../src/engine/proof.ts';
import { severalSessions } from '../../src/engine/several-sessions.ts';

/** A database that knows the answers to some statements; the tables of all others are absent. */
function session(answers: Readonly<Record<string, readonly FactRow[]>>): QuerySession {
  return { rows: async (sql, parameters = []) => answers[[sql, ...parameters].join(' | ')] };
}

function facts(row: FactRow): Facts {
  return { it: { isAbsent: false, row } };
}

function source(before: FactRow, after: FactRow = before): SourceFacts {
  return { before: facts(before), after: facts(after) };
}

/** The verdict on a copy that answers with one row. */
async function verdict(
  expectation: 'zero' | 'grows' | 'same' | 'noted',
  copy: FactRow,
  from: SourceFacts | null,
) {
  const query: ProofQuery = { name: 'it', sql: 'q', expect: expectation };
  const { checks, isProven } = await proveCopy(session({ q: [copy] }), [query], from);
  const [check] = checks;
  expect(isProven).toBe(check?.verdict !== 'fail');
  return check?.verdict === 'fail' ? check.why : check?.verdict;
}

test('zero: every column must be 0, and NULL is not', async () => {
  expect(await verdict('zero', { a: '0', b: '0' }, null)).toBe('pass');
  expect(await verdict('zero', { a: '0', b: '-3', c: '1' }, null)).toBe('b is -3, not 0; c is 1, not 0');
  expect(await verdict('zero', { a: '' }, null)).toBe('a is NULL, not 0');
  expect(await verdict('zero', { a: 'x' }, null)).toBe('a is x, not 0');
});

test('grows: the copy lies between the source before and after', async () => {
  for (const [copy, expected] of [
    ['10', 'pass'],
    ['12', 'pass'],
    ['15', 'pass'],
    ['9', 'n is 9; the source had 10 before the capture and 15 after it'],
    ['16', 'n is 16; the source had 10 before the capture and 15 after it'],
  ] as const) {
    expect(await verdict('grows', { n: copy }, source({ n: '10' }, { n: '15' }))).toBe(expected);
  }
  expect(await verdict('grows', { n: '9007199254740993' }, source({ n: '9007199254740994' }))).toContain(
    'n is',
  );
  expect(await verdict('grows', { n: '' }, source({ n: '' }))).toBe('pass');
  expect(await verdict('grows', { n: '1' }, null)).toBe('pass');
});

test('same: the copy answers as the source did before or after', async () => {
  expect(await verdict('same', { v: 'a' }, source({ v: 'a' }, { v: 'b' }))).toBe('pass');
  expect(await verdict('same', { v: 'b' }, source({ v: 'a' }, { v: 'b' }))).toBe('pass');
  expect(await verdict('same', { v: 'c' }, source({ v: 'a' }, { v: 'b' }))).toContain("is not the source's");
  expect(await verdict('noted', { v: 'c' }, source({ v: 'a' }))).toBe('pass');
});

test('kept: what the source recorded is looked for in the copy', async () => {
  const query: ProofQuery = { name: 'it', sql: 'head', expect: 'kept', check: 'check' };
  const prove = async (missing: string) => {
    const copy = session({ head: [{ seq: '9', hash: 'z' }], 'check | 7 | x': [{ missing }] });
    return (await proveCopy(copy, [query], source({ seq: '7', hash: 'x' }))).checks[0];
  };
  expect(await prove('0')).toMatchObject({ verdict: 'pass' });
  expect(await prove('1')).toMatchObject({ verdict: 'fail', why: '7, x of the source is not in the copy' });
});

test('a table that is absent passes only where it was absent at the source', async () => {
  const query: ProofQuery = { name: 'it', sql: 'q', expect: 'zero' };
  const absent = { it: { isAbsent: true, row: {} } };
  const verdictOf = async (from: SourceFacts | null) =>
    (await proveCopy(session({}), [query], from)).checks[0]?.verdict;
  expect(await verdictOf({ before: absent, after: absent })).toBe('absent');
  expect(await verdictOf(null)).toBe('absent');
  expect(await verdictOf(source({}))).toBe('fail');
});

test('a question must give one row', async () => {
  const query: ProofQuery = { name: 'it', sql: 'q', expect: 'noted' };
  const { checks } = await proveCopy(session({ q: [] }), [query], null);
  expect(checks[0]).toMatchObject({ verdict: 'fail', why: '0 rows instead of one' });
});

test('the source is asked only whether a sum can be asked', async () => {
  const asked: string[] = [];
  const busy: QuerySession = {
    rows: async (sql) => {
      asked.push(sql);
      return [{ n: '3' }];
    },
  };
  const queries: ProofQuery[] = [
    { name: 'sum', sql: 'select sum(a) from t', expect: 'zero' },
    { name: 'rows', sql: 'select count(*) as n from t', expect: 'grows' },
  ];
  expect((await readFacts(busy, queries)).rows?.row).toEqual({ n: '3' });
  expect(asked).toEqual(['explain select sum(a) from t', 'select count(*) as n from t']);
});

test('the facts of a proof document come back as they were', () => {
  const from = source({ n: '1' }, { n: '2' });
  const document = { backup: 'B', at: 'T', isProven: true, checks: [], fetchMs: 1, startMs: 2, proveMs: 3 };
  expect(decodeFacts(encodeProof({ ...document, facts: from }), 'proof.json')).toEqual(from);
  expect(decodeFacts(encodeProof({ ...document, facts: null }), 'proof.json')).toBeNull();
  expect(() => decodeFacts(Buffer.from('{"facts": {"before": 3}}'), 'proof.json')).toThrow('`before` is 3');
  expect(() => decodeFacts(Buffer.from('{'), 'proof.json')).toThrow('it is not JSON');
});

test('questions are asked side by side where they can be, and answered in their order', async () => {
  const asked: string[] = [];
  const answers = new Map<string, (rows: readonly FactRow[]) => void>();
  const slow: QuerySession = {
    atOnce: 2,
    rows: (sql) => {
      asked.push(sql);
      return new Promise((resolve) => answers.set(sql, resolve));
    },
  };
  const queries = ['a', 'b', 'c'].map((name): ProofQuery => ({ name, sql: name, expect: 'noted' }));
  const proof = proveCopy(slow, queries, null);
  expect(asked).toEqual(['a', 'b']);
  answers.get('b')?.([{ n: 'b' }]);
  await expect.poll(() => asked).toEqual(['a', 'b', 'c']);
  answers.get('c')?.([{ n: 'c' }]);
  answers.get('a')?.([{ n: 'a' }]);
  expect((await proof).checks.map(({ name, copy }) => [name, copy.n])).toEqual([
    ['a', 'a'],
    ['b', 'b'],
    ['c', 'c'],
  ]);
});

test('several sessions answer as one: a question waits for the first that is free', async () => {
  const busy: string[] = [];
  const opened = ['one', 'two'].map((name): QuerySession & { end(error?: Error): void } => {
    let settle: PromiseWithResolvers<readonly FactRow[]>;
    return {
      rows: (sql) => {
        busy.push(`${name} ${sql}`);
        settle = Promise.withResolvers();
        return settle.promise;
      },
      end: (error) => (error === undefined ? settle.resolve([{ name }]) : settle.reject(error)),
    };
  });
  const [one, two] = opened;
  const session = severalSessions(opened);
  expect(session.atOnce).toBe(2);
  const [first, second, third] = ['q1', 'q2', 'q3'].map((sql) => session.rows(sql));
  expect(busy).toEqual(['two q1', 'one q2']);
  one?.end(new Error('gone'));
  await expect(second).rejects.toThrow('gone');
  await expect.poll(() => busy).toEqual(['two q1', 'one q2', 'one q3']);
  one?.end();
  two?.end();
  expect([await first, await third]).toEqual([[{ name: 'two' }], [{ name: 'one' }]]);
});
