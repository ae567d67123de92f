import { expect, it } from 'vitest';
import { MIGRATIONS } from '../../../../src/api/migrations/index.ts';
import type { Migration } from '../../../../src/api/migrations/kit.ts';
import { assertBearable, blocking, lintMigrations } from '../../../../src/api/migrations/lint/lint.ts';
import { ompayErrorOf } from '../../../fixtures/thrown.ts';

/** Drops a column that the release before reads, and makes a constraint at a time that nobody minds. */
const bad: Migration = {
  id: '9998',
  name: 'bad',
  expand: async (kit) => {
    await kit.run('alter table users drop column sexe');
    await kit.run(`alter table users add column note text check (length(note) < 10)  -- ${'x'.repeat(400)}`);
  },
  contract: (kit) => kit.run('delete from users'),
};
const accepted: Migration = {
  ...bad,
  accepts: [
    { rule: 'drop-column', table: 'users', reason: 'no release ever read it' },
    { rule: 'scan-under-lock', table: 'users', reason: 'the table is small' },
    { rule: 'unbounded-data-change', table: 'users', reason: 'nobody is there' },
  ],
};

it('every migration of this release can be borne by the one before', async () => {
  const { findings, statements } = await lintMigrations(MIGRATIONS);
  expect(findings).toEqual([]);
  expect(statements.length).toBeGreaterThan(20);
});

it('a blocked migration says its rule, its statement, and what to do instead', async () => {
  const { findings } = await lintMigrations([...MIGRATIONS, bad]);
  expect(await ompayErrorOf(() => assertBearable(findings))).toMatchObject({
    code: 'checkBlocked',
    exitCode: 3,
    message:
      'migration 9998 breaks the rule drop-column: `alter table users drop column sexe` (the running release still names it); and 1 more',
    hint: expect.stringContaining('ompay migrate lint'),
  });
  expect(await ompayErrorOf(() => assertBearable(findings, 'contract'))).toMatchObject({
    message: expect.stringContaining('unbounded-data-change'),
  });
});

it('what cannot be judged says why, and a long statement is cut', async () => {
  const odd = {
    ...bad,
    expand: (kit: Parameters<Migration['expand']>[0]) => kit.run(`vacuum ${'x,'.repeat(300)}x`),
  };
  const { findings } = await lintMigrations([...MIGRATIONS, odd]);
  expect(await ompayErrorOf(() => assertBearable(findings))).toMatchObject({
    message: expect.stringMatching(/cannot-judge: `vacuum (x,)+x?….*VacuumStmt/),
  });
});

it('a finding that the migration accepts is shown with its reason, and does not block', async () => {
  const { findings } = await lintMigrations([...MIGRATIONS, accepted], { only: ['9998'] });
  expect(findings.map(({ rule, accepted: reason }) => `${rule}: ${reason}`)).toEqual([
    'drop-column: no release ever read it',
    'scan-under-lock: the table is small',
    'unbounded-data-change: nobody is there',
  ]);
  expect(blocking(findings)).toEqual([]);
  assertBearable(findings);
});

it('an acceptance that fits nothing blocks: it would hide a finding to come', async () => {
  const stale = {
    ...accepted,
    accepts: [...(accepted.accepts ?? []), { rule: 'rename', table: 'users', reason: '' }],
  };
  const { findings } = await lintMigrations([...MIGRATIONS, stale]);
  expect(blocking(findings).map(({ rule, detail }) => `${rule}: ${detail}`)).toEqual([
    'unused-acceptance: rename of users is not found',
  ]);
});

it('judges those asked for alone, against the schema that all before them make', async () => {
  const later: Migration = {
    id: '9999',
    name: 'later',
    expand: (kit) => kit.run('alter table added add column n bigint'),
  };
  const first: Migration = {
    id: '9997',
    name: 'first',
    expand: (kit) => kit.run('create table added (id bigint)'),
  };
  const both = await lintMigrations([first, bad, later], { only: ['9999'] });
  expect(both.findings).toEqual([]);
  expect(both.statements).toEqual([
    { migration: '9999', phase: 'expand', statement: 'alter table added add column n bigint' },
  ]);
});

it('a fault of a migration itself is thrown as it is', async () => {
  const faulty: Migration = {
    id: '9999',
    name: 'faulty',
    expand: async () => Promise.reject(new TypeError('no such thing')),
  };
  await expect(lintMigrations([faulty])).rejects.toThrow('no such thing');
});
