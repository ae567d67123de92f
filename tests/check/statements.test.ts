import { expect, test } from 'vitest';
import { readChecklists } from '../../src/check/checklist.ts';
import { KINDS } from '../../src/check/kinds/index.ts';
import { type Statement, signature, statementsIn, stateOn, waiver } from '../../src/check/statements.ts';
import { fail, pass, unknown } from '../../src/check/types.ts';
import { PROGRAM_ROOT } from '../fixtures/installation.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

const NOW_MS = Date.UTC(2026, 0, 2, 12);
const DAY_MS = 86_400_000;
const lists = readChecklists(PROGRAM_ROOT, KINDS);
const GOOD = { check: 'team-told', by: 'Awa Diop', reason: 'told them on the phone' };
const now = { check: 'team-told', source: 'this', nowMs: NOW_MS };
const unseen = unknown('nothing is kept', 'ompay deploy');

const signed: Statement = signature(GOOD, lists, { source: 'this', nowMs: NOW_MS });
const waived: Statement = waiver({ ...GOOD, until: '2026-01-10' }, lists, NOW_MS);

test('a signature makes what could not be looked at pass, and says who signed and why', () => {
  expect(stateOn(unseen, [signed], now)).toEqual({
    kind: 'pass',
    observed: 'unknown: nothing is kept',
    by: 'Awa Diop',
    reason: 'told them on the phone',
    until: '2026-02-01T12:00:00.000Z',
  });
});

test('a signature never covers what was seen to fail; a waiver does, and keeps what was seen', () => {
  const bad = fail('3 errors', 'none', 'ompay logs');
  expect(stateOn(bad, [signed], now)).toBe(bad);
  expect(stateOn(bad, [signed, waived], now)).toEqual({
    kind: 'waived',
    by: 'Awa Diop',
    reason: 'told them on the phone',
    until: '2026-01-11T00:00:00.000Z',
    observed: '3 errors',
  });
  expect(stateOn(unseen, [waived], now)).toMatchObject({
    kind: 'waived',
    observed: 'unknown: nothing is kept',
  });
});

test('what passes by itself needs nobody', () => {
  const good = pass('well');
  expect(stateOn(good, [signed, waived], now)).toBe(good);
});

test('a signature holds for its source, for its check, and for 30 days', () => {
  expect(stateOn(unseen, [signed], { ...now, source: 'other' })).toBe(unseen);
  expect(stateOn(unseen, [signed], { ...now, check: 'error-logs' })).toBe(unseen);
  expect(stateOn(unseen, [signed], { ...now, nowMs: NOW_MS + 30 * DAY_MS - 1 }).kind).toBe('pass');
  expect(stateOn(unseen, [signed], { ...now, nowMs: NOW_MS + 30 * DAY_MS })).toBe(unseen);
});

test('a waiver holds for any source, to the end of its day', () => {
  const lastMs = Date.UTC(2026, 0, 11) - 1;
  expect(stateOn(unseen, [waived], { ...now, source: 'other', nowMs: lastMs }).kind).toBe('waived');
  expect(stateOn(unseen, [waived], { ...now, nowMs: lastMs + 1 })).toBe(unseen);
});

test('the newest statement counts', () => {
  const later = signature({ ...GOOD, by: 'Ibou Fall' }, lists, { source: 'this', nowMs: NOW_MS });
  expect(stateOn(unseen, [signed, later], now)).toMatchObject({ by: 'Ibou Fall' });
});

test.each([
  ['today', '2026-01-02'],
  ['90 days away', '2026-04-02'],
])('a waiver may end %s', (_when, until) => {
  expect(waiver({ ...GOOD, until }, lists, NOW_MS).until > '2026-01-02').toBe(true);
});

test.each([
  [undefined, '--until is missing'],
  ['2026-01-01', '--until "2026-01-01" is past'],
  ['2026-04-03', 'is more than 90 days away'],
  ['2026-02-30', '--until "2026-02-30" is not a day'],
  ['soon', 'is not a day'],
  ['2026-1-5', 'is not a day'],
])('a waiver until %s is refused with one that would do', async (until, said) => {
  const error = await ompayErrorOf(() => waiver({ ...GOOD, until }, lists, NOW_MS));
  expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining(said) });
  expect(error.hint).toBe('ompay check waive team-told --by NAME --reason TEXT --until 2026-04-02');
});

test.each([
  [{ by: undefined }, '--by must be one line of 1 to 100 characters, missing'],
  [{ by: '  ' }, '--by must be one line'],
  [{ reason: undefined }, '--reason must be one line of 1 to 500 characters, missing'],
  [{ reason: 'two\nlines' }, '--reason must be one line'],
  [{ reason: 'x'.repeat(501) }, '--reason must be one line'],
  [{ by: 'bell\u0007' }, '--by must be one line'],
])('%j cannot be signed', async (part, said) => {
  const sign = () => signature({ ...GOOD, ...part }, lists, { source: 'this', nowMs: NOW_MS });
  expect(await ompayErrorOf(sign)).toMatchObject({ code: 'usage', message: expect.stringContaining(said) });
});

test('an unknown check is told, with those that exist', async () => {
  const error = await ompayErrorOf(() =>
    waiver({ ...GOOD, check: 'tem-told', until: '2026-01-10' }, lists, NOW_MS),
  );
  expect(error).toMatchObject({ code: 'notFound', hint: 'ompay check list' });
  expect(error.message).toContain('no check is named "tem-told"; there are tests-pass, benchmarks-ok');
});

test('only whole statements are read from the journal', () => {
  const note = (data: object) => ({ at: '', by: '', data: { ...data } });
  const odd = [{}, { ...signed, until: 7 }, { ...signed, statement: 'wish' }, { backup: 'x' }].map(note);
  expect(statementsIn([...odd, note(signed), note(waived)])).toEqual([signed, waived]);
});
