import { expect, test } from 'vitest';
import { unwatchedRelease } from '../../src/cli/status.ts';
import type { LocalFacts } from '../../src/deploy/types.ts';

function factsWith(change: Partial<LocalFacts>): LocalFacts {
  return {
    live: 'green',
    slots: {
      blue: { slot: 'blue', release: 'old', pid: 1 },
      green: { slot: 'green', release: 'new', pid: 2 },
    },
    supervisorRuns: true,
    databaseRuns: true,
    frontRuns: true,
    port: 8080,
    hasData: true,
    releases: [],
    accepted: ['new', 'old'],
    ...change,
  };
}

test('what a killed deploy or rollback made live is told as not watched to the end', () => {
  expect(unwatchedRelease(factsWith({ accepted: ['old'] }))).toBe('new');
  expect(unwatchedRelease(factsWith({ accepted: [] }))).toBe('new');
  expect(unwatchedRelease(factsWith({ live: 'blue' }))).toBe('old');
});

test('what was accepted, or an installation without a live release, is not', () => {
  expect(unwatchedRelease(factsWith({}))).toBeNull();
  expect(unwatchedRelease(factsWith({ live: null }))).toBeNull();
});
