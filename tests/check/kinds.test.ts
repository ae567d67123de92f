import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { readChecklists } from '../../src/check/checklist.ts';
import { KINDS } from '../../src/check/kinds/index.ts';
import { runChecklist } from '../../src/check/run.ts';
import type { Verdict } from '../../src/check/types.ts';
import { systemClock } from '../../src/core/clock.ts';
import { PROGRAM_ROOT } from '../fixtures/installation.ts';
import { cases as alertRules } from './kinds/alert-rules.ts';
import { cases as backupData } from './kinds/backup-data.ts';
import { cases as backupFresh } from './kinds/backup-fresh.ts';
import { cases as benchmark } from './kinds/benchmark.ts';
import { cases as dependencyAudit } from './kinds/dependency-audit.ts';
import { cases as docsFresh } from './kinds/docs-fresh.ts';
import { cases as errorLogs } from './kinds/error-logs.ts';
import { cases as evidence } from './kinds/evidence.ts';
import { cases as latencyCompared } from './kinds/latency-compared.ts';
import { cases as metrics } from './kinds/metrics.ts';
import { cases as releaseKept } from './kinds/release-kept.ts';
import { cases as releaseSlots } from './kinds/release-slots.ts';
import { cases as restoreTest } from './kinds/restore-test.ts';
import { cases as rollbackRehearsed } from './kinds/rollback-rehearsed.ts';
import { cases as rollbackWorks } from './kinds/rollback-works.ts';
import { cases as secretScan } from './kinds/secret-scan.ts';
import { cases as smoke } from './kinds/smoke.ts';
import { cases as teamTold } from './kinds/team-told.ts';
import { type KindCase, NOW_MS, sourcesWith } from './sources.ts';

const CASES = [
  evidence,
  benchmark,
  dependencyAudit,
  secretScan,
  docsFresh,
  backupFresh,
  releaseSlots,
  smoke,
  alertRules,
  errorLogs,
  metrics,
  latencyCompared,
  teamTold,
  releaseKept,
  rollbackWorks,
  backupData,
  restoreTest,
  rollbackRehearsed,
];

const clock = { ...systemClock, now: () => NOW_MS };
const words = { fr: 'x', en: 'x' };

async function look(kind: string, { probe, sources }: KindCase): Promise<Verdict> {
  const check = {
    id: 'x',
    title: words,
    why: words,
    severity: 'block',
    probes: [{ kind, ...probe }],
  } as const;
  const kit = { kinds: KINDS, sources: sourcesWith(sources), clock, signal: new AbortController().signal };
  const [judged] = await runChecklist({ name: 'list', title: words, checks: [check] }, kit);
  if (judged === undefined) throw new Error('one check gives one verdict');
  return judged.verdict;
}

test('every kind is shown passing, failing and unknown', () => {
  expect(CASES.map(({ kind }) => kind)).toEqual(KINDS.map(({ kind }) => kind));
  for (const { kind, pass, fail, unknown } of CASES)
    expect([kind, pass.length > 0, fail.length > 0, unknown.length > 0]).toEqual([kind, true, true, true]);
});

test("every kind's schema is a JSON schema", () => {
  const ajv = new Ajv({ strict: true });
  for (const { kind, schema } of KINDS)
    expect([kind, ajv.validateSchema({ type: 'object', properties: schema })]).toEqual([kind, true]);
});

describe.each(CASES)('$kind', ({ kind, ...cases }) => {
  test.each(['pass', 'fail', 'unknown'] as const)('%s', async (verdict) => {
    for (const each of cases[verdict]) {
      const seen = await look(kind, each);
      expect([each.title, seen.kind, JSON.stringify(seen)]).toEqual([
        each.title,
        verdict,
        expect.stringContaining(JSON.stringify(each.says).slice(1, -1)),
      ]);
      // What is not well says what to do next.
      if (seen.kind === 'fail' || seen.kind === 'unknown') expect(seen.hint, each.title).not.toBe('');
    }
  });
});

test('in a fresh clone every check is unknown, with what makes it known: nothing fails for being absent', async () => {
  const lists = readChecklists(PROGRAM_ROOT, KINDS);
  const kit = { kinds: KINDS, sources: sourcesWith(), clock, signal: new AbortController().signal };
  const judged = (await Promise.all(lists.map((list) => runChecklist(list, kit)))).flat();
  expect(judged).toHaveLength(16);
  for (const { check, verdict } of judged)
    expect([check.id, verdict.kind, 'hint' in verdict && verdict.hint !== '']).toEqual([
      check.id,
      'unknown',
      true,
    ]);
});
