import { expect, test } from 'vitest';
import { readJson } from '../../src/core/json.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const ORIGIN = { what: 'manifest.json', code: 'backupDamaged', hint: 'take another copy' } as const;

function reader(value: unknown): ReturnType<typeof readJson> {
  return readJson(Buffer.from(JSON.stringify(value)), ORIGIN);
}

test('fields are read with the type that is expected', () => {
  const json = reader({
    a: 'x',
    b: 5,
    c: true,
    d: { e: 'y' },
    f: null,
    g: [{ h: 1 }, { h: 2 }],
    i: { k: 'l' },
    r: { s: { h: 3 } },
  });
  expect([json.text('a'), json.whole('b'), json.flag('c'), json.object('d').text('e')]).toEqual([
    'x',
    5,
    true,
    'y',
  ]);
  expect(json.objectOrNull('f')).toBeNull();
  expect(json.objectOrNull('d')?.text('e')).toBe('y');
  expect(json.list('g', (item) => item.whole('h'))).toEqual([1, 2]);
  expect(json.record('r', (item) => item.whole('h'))).toEqual({ s: 3 });
  expect(json.texts('i')).toEqual({ k: 'l' });
  expect([json.has('a'), json.has('z')]).toEqual([true, false]);
});

test.each([
  [
    'missing',
    (json: ReturnType<typeof reader>) => json.text('none'),
    'manifest.json cannot be understood: `none` is missing',
  ],
  ['of another type', (json: ReturnType<typeof reader>) => json.text('n'), '`n` is 1.5'],
  ['not whole', (json: ReturnType<typeof reader>) => json.whole('n'), '`n` is 1.5'],
  ['below 0', (json: ReturnType<typeof reader>) => json.whole('below'), '`below` is -1'],
  [
    'deep inside',
    (json: ReturnType<typeof reader>) => json.list('l', (item) => item.text('x')),
    'manifest.json: l[0] cannot be understood: `x` is missing',
  ],
  ['not a list', (json: ReturnType<typeof reader>) => json.list('n', String), '`n` is 1.5'],
])('a field that is %s is named', async (_title, read, message) => {
  const error = await ompayErrorOf(() => read(reader({ n: 1.5, below: -1, l: [{}] })));
  expect(error).toMatchObject({ code: 'backupDamaged', hint: 'take another copy' });
  expect(error.message).toContain(message);
});

test.each(['', '{', '[]', 'null', '5'])('%j is no document', async (text) => {
  expect(await ompayErrorOf(() => readJson(Buffer.from(text), ORIGIN))).toMatchObject({
    code: 'backupDamaged',
  });
});
