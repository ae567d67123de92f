import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, eventsIn, type Installation } from '../fixtures/installation.ts';

/** One installation with a live release; each source tree adds one migration to it. */
describe('a missing migration', { timeout: 240_000 }, () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = await createInstallation();
    const { last } = installation.ompay(['deploy', '--port', String(installation.port), '--bake', '1']);
    expect(last).toMatchObject({ type: 'run-done', exitCode: 0 });
  });
  afterAll(() => installation.end());

  /** The source with a migration more, whose properties are given as text. */
  const treeWith = (name: string, properties: string): string =>
    installation.tree(name, {
      file: 'src/api/migrations/index.ts',
      from: '];',
      to: `, { id: '9000', name: '${name}', ${properties} }];`,
    });
  const status = (): unknown => installation.ompay(['migrate', 'status', '--json']).last;

  // One of the rules, as a command: all of them are in tests/api/migrations.
  it('that renames what the running release uses is blocked, and nothing is applied', () => {
    const statement = 'alter table users rename column nom to name';
    const tree = treeWith('renames', `expand: (kit) => kit.run('${statement}')`);
    const before = status();
    expect(installation.ompay(['migrate', 'lint'], tree)).toMatchObject({
      exitCode: 3,
      stdout: expect.stringMatching(
        new RegExp(`9000 expand: rename\n  ${statement}\n  why: .*\n  instead: .*`),
      ),
    });
    const applied = installation.ompay(['migrate', 'up'], tree);
    expect(applied).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('breaks the rule rename') });
    expect(status()).toEqual(before);
  });

  it.each([
    [
      'changes a fee that apps show',
      'fee',
      "expand: (kit) => kit.run(`update fee_rules set rate_ppm = 900000 where type = 'transfert'`)",
      'its fee: expected 8, seen 900',
    ],
    [
      'refuses what the running release writes',
      'frozen',
      "expand: (kit) => kit.makeAppendOnly('otps'), accepts: [{ rule: 'trigger-on-used-table', table: 'otps', reason: 'tried' }]",
      'POST /api/auth/register of this release: expected 201, seen 500 erreur_interne',
    ],
  ])('that %s passes the linter and is stopped on a copy', async (_what, name, properties, why) => {
    const tree = treeWith(name, properties);
    const before = status();
    expect(installation.ompay(['migrate', 'lint'], tree).exitCode).toBe(0);
    const { exitCode, last, stdout } = installation.ompay(['migrate', 'rehearse'], tree);
    expect(last.summary).toMatch(
      /^rehearsal: the live release \w{12} breaks its contract on the migrated schema: /,
    );
    expect(last.summary).toContain(why);
    expect(exitCode).toBe(3);
    expect(eventsIn(stdout).filter(({ type }) => type === 'evidence')).toMatchObject([
      {
        kind: 'migration',
        data: { to: '9000', suites: [{ role: 'live', failure: expect.stringContaining(why) }] },
      },
    ]);
    expect(status()).toEqual(before);
    expect((await installation.get('/health')).status).toBe(200);
  });

  it('that fails where it is applied is stopped on a copy', () => {
    const tree = treeWith('failing', "expand: (kit) => kit.run('create table a (id bigint, id bigint)')");
    const { exitCode, last } = installation.ompay(['migrate', 'rehearse'], tree);
    expect(last.summary).toBe(
      'rehearsal: the migration fails on a copy: column "id" specified more than once',
    );
    expect(exitCode).toBe(3);
  });

  it('that both releases bear is rehearsed beside them, and then applied', () => {
    const tree = treeWith(
      'borne',
      "expand: (kit) => kit.run('create table if not exists borne (id bigint primary key)')",
    );
    const rehearsed = installation.ompay(['migrate', 'rehearse'], tree);
    expect(rehearsed.last.summary).toMatch(/^\w{12} kept \d+ promises, \w{12} kept \d+ promises, on backup /);
    expect(rehearsed.exitCode).toBe(0);
    expect(eventsIn(rehearsed.stdout).find(({ type }) => type === 'evidence')).toMatchObject({
      data: {
        to: '9000',
        statements: [
          { migration: '9000', phase: 'expand', statement: expect.stringContaining('create table') },
        ],
        findings: [],
        suites: [
          { role: 'live', failure: '' },
          { role: 'next', failure: '' },
        ],
      },
    });
    expect(installation.ompay(['migrate', 'up', '--json'], tree).last).toEqual({ applied: ['9000'] });
    expect(installation.ompay(['migrate', 'rehearse'], tree).last.summary).toBe('nothing is missing');
  });
});
