import { describe, expect, test } from 'vitest';
import {
  findCheck,
  MAX_WAIVER_DAYS,
  SIGNATURE_DAYS,
  type Statement,
  signature,
  statementsIn,
  stateOn,
  waiver,
} from '../../src/check/statements.ts';
import { type Check, type Checklist, fail, pass, unknown } from '../../src/check/types.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 22, 20);
const LISTS: readonly Checklist[] = [
  listOf('pre-deploy', ['tests', 'backup']),
  listOf('rollback', ['rehearsed']),
];
const ANA = { by: 'Ana', reason: 'seen on staging' };

function listOf(name: string, ids: readonly string[]): Checklist {
  return { name, title: { fr: name, en: name }, checks: ids.map(checkOf) };
}

function checkOf(id: string): Check {
  return { id, title: { fr: id, en: id }, why: { fr: id, en: id }, severity: 'block', probes: [] };
}

function sign(change: Partial<Parameters<typeof signature>[0]> = {}): Statement {
  return signature({ check: 'rehearsed', ...ANA, ...change }, LISTS, { source: 'abc', nowMs: NOW_MS });
}

function waive(until: string | undefined, change: Partial<Parameters<typeof waiver>[0]> = {}): Statement {
  return waiver({ check: 'backup', ...ANA, until, ...change }, LISTS, NOW_MS);
}

describe('a signature', () => {
  test('says who looked, why, at which source, and ends after 30 days', () => {
    expect(sign()).toEqual({
      statement: 'signature',
      check: 'rehearsed',
      ...ANA,
      source: 'abc',
      until: '2026-12-22T20:00:00.000Z',
    });
    expect(SIGNATURE_DAYS).toBe(30);
  });

  test('is kept without the spaces around its words', () => {
    expect(sign({ by: '  Ana ', reason: '\u00a0seen on staging ' })).toMatchObject(ANA);
  });

  test.each([
    ['--by', { by: undefined }, 'missing', 100],
    ['--by', { by: '' }, 'seen ""', 100],
    ['--by', { by: '   ' }, 'seen "   "', 100],
    ['--by', { by: 'A\nB' }, 'seen "A\\nB"', 100],
    ['--by', { by: 'a'.repeat(101) }, `seen "${'a'.repeat(100)}"`, 100],
    ['--reason', { reason: undefined }, 'missing', 500],
    ['--reason', { reason: 'r'.repeat(501) }, `seen "${'r'.repeat(500)}"`, 500],
  ])('without a usable %s is refused: %j', async (option, change, seen, max) => {
    expect(await ompayErrorOf(() => sign(change))).toMatchObject({
      code: 'usage',
      message: `${option} must be one line of 1 to ${max} characters, ${seen}`,
      hint: 'ompay check sign rehearsed --by NAME --reason TEXT',
    });
  });

  test('may have a name and a reason as long as is allowed', () => {
    const longest = { by: 'a'.repeat(100), reason: 'r'.repeat(500) };
    expect(sign(longest)).toMatchObject(longest);
  });

  test('of a check that there is not is refused, and those that there are are named', async () => {
    expect(await ompayErrorOf(() => sign({ check: 'rehearsal' }))).toMatchObject({
      code: 'notFound',
      message: 'no check is named "rehearsal"; there are tests, backup, rehearsed',
      hint: 'ompay check list',
    });
    expect(findCheck(LISTS, 'rehearsed').id).toBe('rehearsed');
  });
});

describe('a waiver', () => {
  test('holds to the end of its day, whatever the source', () => {
    expect(waive('2026-12-01')).toEqual({
      statement: 'waiver',
      check: 'backup',
      ...ANA,
      source: null,
      until: '2026-12-02T00:00:00.000Z',
    });
  });

  test('may end today, and 90 days from now at the latest', () => {
    expect(waive('2026-11-22').until).toBe('2026-11-23T00:00:00.000Z');
    expect(waive('2027-02-20').until).toBe('2027-02-21T00:00:00.000Z');
    expect(MAX_WAIVER_DAYS).toBe(90);
  });

  test('may be for a day that begins in exactly 90 days, and not for one that ends now', async () => {
    const midnightMs = Date.UTC(2026, 10, 22);
    const at = (until: string) => waiver({ check: 'backup', ...ANA, until }, LISTS, midnightMs);
    expect(at('2027-02-20').until).toBe('2027-02-21T00:00:00.000Z');
    expect(await ompayErrorOf(() => at('2026-11-21'))).toMatchObject({
      message: '--until "2026-11-21" is past',
    });
  });

  test.each([
    [undefined, 'is missing'],
    ['', '"" is not a day'],
    ['tomorrow', '"tomorrow" is not a day'],
    ['2026-12-1', '"2026-12-1" is not a day'],
    ['2026-12-01T00:00:00Z', '"2026-12-01T00:00:00Z" is not a day'],
    ['x2026-12-01', '"x2026-12-01" is not a day'],
    ['2027-02-30', '"2027-02-30" is not a day'],
    ['2026-13-01', '"2026-13-01" is not a day'],
    ['2026-11-21', '"2026-11-21" is past'],
    ['2027-02-21', '"2027-02-21" is more than 90 days away'],
  ])('until %s is refused, and the latest day told', async (until, why) => {
    expect(await ompayErrorOf(() => waive(until))).toMatchObject({
      code: 'usage',
      message: `--until ${why}`,
      hint: 'ompay check waive backup --by NAME --reason TEXT --until 2027-02-20',
    });
  });

  test('without a name is refused with the whole command', async () => {
    expect(await ompayErrorOf(() => waive('2026-12-01', { by: undefined }))).toMatchObject({
      hint: 'ompay check waive backup --by NAME --reason TEXT --until YYYY-MM-DD',
    });
    expect(await ompayErrorOf(() => waive('2026-12-01', { reason: ' ' }))).toMatchObject({
      message: '--reason must be one line of 1 to 500 characters, seen " "',
      hint: 'ompay check waive backup --by NAME --reason TEXT --until YYYY-MM-DD',
    });
  });
});

describe('the verdict once people have spoken', () => {
  const now = { check: 'backup', source: 'abc', nowMs: NOW_MS };
  const until = new Date(NOW_MS + DAY_MS).toISOString();
  const waived: Statement = { statement: 'waiver', check: 'backup', ...ANA, until, source: null };
  const signed: Statement = { ...waived, statement: 'signature', source: 'abc' };
  const failed = fail('3 days old', 'at most 1', 'ompay backup create');
  const dark = unknown('no backup store', 'ompay backup list');

  test("is the probe's where nobody spoke, and where it passed", () => {
    expect(stateOn(failed, [], now)).toBe(failed);
    const passed = pass('1 hour old');
    expect(stateOn(passed, [waived, signed], now)).toBe(passed);
  });

  test('is passed by a signature only where nothing could be seen', () => {
    expect(stateOn(dark, [signed], now)).toEqual({
      kind: 'pass',
      observed: 'unknown: no backup store',
      ...ANA,
      until,
    });
    expect(stateOn(failed, [signed], now)).toBe(failed);
  });

  test('is waived whether it failed or could not be seen, and tells what was seen', () => {
    expect(stateOn(failed, [waived], now)).toEqual({ kind: 'waived', ...ANA, until, observed: '3 days old' });
    expect(stateOn(dark, [waived], now)).toMatchObject({ observed: 'unknown: no backup store' });
  });

  test('is not passed by a waiver, whatever source it names', () => {
    expect(stateOn(dark, [{ ...waived, source: 'abc' }], now)).toMatchObject({ kind: 'waived' });
  });

  test('is that of the signature where there is a waiver too, unless it failed', () => {
    expect(stateOn(dark, [signed, waived], now)).toMatchObject({ kind: 'pass' });
    expect(stateOn(failed, [signed, waived], now)).toMatchObject({ kind: 'waived' });
  });

  test("is the newest statement's of several", () => {
    const later = { by: 'Bob', reason: 'seen again' };
    expect(stateOn(dark, [signed, { ...signed, ...later }], now)).toMatchObject(later);
    expect(stateOn(failed, [waived, { ...waived, ...later }], now)).toMatchObject(later);
  });

  test.each([
    ['of another check', { check: 'tests' }],
    ['that ends now', { until: new Date(NOW_MS).toISOString() }],
    ['whose end cannot be read', { until: 'soon' }],
  ])('is not changed by a statement %s', (_what, change) => {
    expect(
      stateOn(
        dark,
        [
          { ...signed, ...change },
          { ...waived, ...change },
        ],
        now,
      ),
    ).toBe(dark);
  });

  test('is changed until the last moment', () => {
    const last = { until: new Date(NOW_MS + 1).toISOString() };
    expect(stateOn(failed, [{ ...waived, ...last }], now)).toMatchObject({ kind: 'waived' });
  });

  test('is not passed by a signature for another source, nor by none', () => {
    for (const source of ['def', null]) expect(stateOn(dark, [{ ...signed, source }], now)).toBe(dark);
  });

  test('comes from the notes of the journal that are statements, and from no other', () => {
    const notes = [
      { ...waived },
      { ...signed },
      { ...waived, statement: 'opinion' },
      { ...waived, check: 7 },
      { ...waived, by: 7 },
      { ...waived, reason: 7 },
      { ...waived, until: 7 },
      { ...signed, source: 7 },
    ].map((data) => ({ at: until, run: 'R', by: 'ana@mac', text: '', data }));
    expect(statementsIn(notes)).toEqual([waived, signed]);
  });
});
