import { expect, test } from 'vitest';
import { fail, pass, unknown } from '../../src/check/types.ts';
import { blocks, observedOf, worst } from '../../src/check/verdict.ts';

const ENVIRONMENTS = ['local', 'staging', 'production'] as const;

test.each(ENVIRONMENTS)(
  'in %s what failed stops the operation, and what passed or was waived does not',
  (environment) => {
    const stops = (kind: 'pass' | 'fail' | 'waived') => blocks({ kind }, { severity: 'block', environment });
    expect({ fail: stops('fail'), pass: stops('pass'), waived: stops('waived') }).toEqual({
      fail: true,
      pass: false,
      waived: false,
    });
  },
);

test('what could not be looked at stops the operation in production alone', () => {
  const stopped = ENVIRONMENTS.filter((environment) =>
    blocks({ kind: 'unknown' }, { severity: 'block', environment }),
  );
  expect(stopped).toEqual(['production']);
});

test.each(['pass', 'fail', 'unknown', 'waived'] as const)(
  'a check that only warns stops nothing: %s',
  (kind) => {
    const stopped = ENVIRONMENTS.filter((environment) => blocks({ kind }, { severity: 'warn', environment }));
    expect(stopped).toEqual([]);
  },
);

test('of several probes a failure is the verdict, then what is unknown, then all that was seen', () => {
  const [good, better] = [pass('2 copies'), pass('1 hour old')];
  const bad = fail('3 errors', 'none', 'see the log');
  const dark = unknown('no server', 'start it');
  expect(worst([good, dark, bad, better])).toBe(bad);
  expect(worst([good, dark, better])).toBe(dark);
  expect(worst([good, better])).toEqual({ kind: 'pass', observed: '2 copies; 1 hour old' });
});

test('the first failure of several is the one that is told', () => {
  const first = fail('3 errors', 'none', 'see the log');
  expect(worst([first, fail('5 errors', 'none', 'see the log')])).toBe(first);
});

test('what a probe saw is told, also when it saw nothing', () => {
  expect(observedOf(pass('2 copies'))).toBe('2 copies');
  expect(observedOf(fail('3 errors', 'none', 'see the log'))).toBe('3 errors');
  expect(observedOf(unknown('no server', 'start it'))).toBe('unknown: no server');
});
