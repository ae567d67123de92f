import { expect, test } from 'vitest';
import { plainLine, scrub } from '../../../src/api/log/ecs.ts';
import { manualClock } from '../../fixtures/clock.ts';

const TOKEN = `${'A_b-'.repeat(10)}xyz`;

test('phone numbers and tokens are masked, other numbers are not', () => {
  expect(scrub('Duplicate entry +221771234567 for key users.telephone')).toBe(
    'Duplicate entry [telephone] for key users.telephone',
  );
  expect(scrub('of 781234567, 221701234567.')).toBe('of [telephone], [telephone].');
  expect(scrub(`bad ${TOKEN}!`)).toBe('bad [token]!');
  expect(scrub('17712345670 1795366799123 TXN20261122770000000')).toBe(
    '17712345670 1795366799123 TXN20261122770000000',
  );
});

test('a line without a logger has the same form', () => {
  const identity = { name: 'ompay-worker', release: 'r1', environment: 'local' } as const;
  const line = plainLine(manualClock(0), identity, '3 lines are missing');
  expect(line.endsWith('\n')).toBe(true);
  expect(JSON.parse(line)).toMatchObject({
    'log.level': 'warn',
    '@timestamp': '1970-01-01T00:00:00.000Z',
    'service.name': 'ompay-worker',
    message: '3 lines are missing',
  });
});
