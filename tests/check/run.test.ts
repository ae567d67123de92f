import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runInOperation } from '../../src/check/handler.ts';
import { defineKind, type LookContext } from '../../src/check/kind.ts';
import { runChecklist } from '../../src/check/run.ts';
import type { CheckSources } from '../../src/check/sources.ts';
import { waiver } from '../../src/check/statements.ts';
import { type Check, type Checklist, type Finding, fail, pass, unknown } from '../../src/check/types.ts';
import { systemClock } from '../../src/core/clock.ts';
import { OmpayError } from '../../src/core/errors.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';
import { done, NOW_MS, runSeen, sourcesWith, within } from './sources.ts';

const words = { fr: 'Un', en: 'One' };
const clock = { ...systemClock, now: () => NOW_MS };

function listOf(...probes: readonly Check['probes'][number][]): Checklist {
  const checks = probes.map(
    (probe, index): Check => ({
      id: `check-${index}`,
      title: words,
      why: words,
      severity: 'block',
      probes: [probe],
    }),
  );
  return { name: 'list', title: words, checks };
}

/** Looks with one kind that does what is given. */
async function lookWith(
  look: (sources: CheckSources, context: LookContext) => Promise<Finding>,
  options: { sources?: Partial<CheckSources>; timeoutMs?: number; signal?: AbortSignal } = {},
) {
  const { timeoutMs = 5000, signal = new AbortController().signal } = options;
  const kind = defineKind<object>({
    kind: 'x',
    schema: {},
    timeoutMs,
    look: (_probe, sources, context) => look(sources, context),
  });
  const kit = { kinds: [kind], sources: sourcesWith(options.sources), clock, signal };
  const [judged] = await runChecklist(listOf({ kind: 'x' }), kit);
  return judged?.verdict;
}

test('what is thrown while looking makes it unknown, with what was said and what to do', async () => {
  const away = new OmpayError('databaseUnavailable', 'the database does not answer', { hint: 'ompay up' });
  expect(await lookWith(() => Promise.reject(away))).toEqual(
    unknown('the database does not answer', 'ompay up'),
  );
  const ours = await lookWith(() => Promise.reject(new TypeError('x is not a function')));
  expect(ours).toMatchObject({
    kind: 'unknown',
    why: 'x is not a function',
    hint: expect.stringContaining('report'),
  });
});

test('a look that takes too long is unknown, and is told to stop', async () => {
  let stopped = false;
  const verdict = await lookWith(
    async (_sources, { signal }) => {
      signal.addEventListener('abort', () => {
        stopped = true;
      });
      await new Promise(() => {});
      return pass('never');
    },
    { timeoutMs: 30 },
  );
  expect(verdict).toMatchObject({ kind: 'unknown', why: 'x was still looking after 30 ms' });
  expect(stopped).toBe(true);
});

test('all checks of a list are looked at at once', async () => {
  let atOnce = 0;
  let most = 0;
  const kind = defineKind<object>({
    kind: 'x',
    schema: {},
    look: async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await delay(10);
      atOnce -= 1;
      return pass('x');
    },
  });
  const list = listOf({ kind: 'x' }, { kind: 'x' }, { kind: 'x' });
  await runChecklist(list, {
    kinds: [kind],
    sources: sourcesWith(),
    clock,
    signal: new AbortController().signal,
  });
  expect(most).toBe(3);
});

test("an operator's interruption ends it, and is no verdict", async () => {
  const controller = new AbortController();
  const reason = new OmpayError('interrupted', 'interrupted by SIGINT', { hint: 'run it again' });
  const looking = lookWith(
    async () => {
      controller.abort(reason);
      return pass('x');
    },
    { signal: controller.signal },
  );
  await expect(looking).rejects.toBe(reason);
});

test('a journal that was changed proves no signature: unknown stays unknown and says so', async () => {
  const history = () => Promise.reject(new Error('line 4 is not as it was written'));
  const seen = await lookWith(async () => unknown('nobody looked', 'look'), { sources: { history } });
  expect(seen).toEqual(
    unknown('nobody looked; signatures and waivers cannot be read: line 4 is not as it was written', 'look'),
  );
  expect(
    await lookWith(async () => fail('3 days old', 'at most 1', 'back up'), { sources: { history } }),
  ).toEqual(
    fail(
      '3 days old; signatures and waivers cannot be read: line 4 is not as it was written',
      'at most 1',
      'back up',
    ),
  );
  expect(await lookWith(async () => pass('well'), { sources: { history } })).toEqual(pass('well'));
});

const waived = waiver(
  { check: 'check-0', by: 'Awa', reason: 'known', until: '2026-01-05' },
  [listOf({ kind: 'smoke' })],
  NOW_MS,
);

async function operate(environment: 'local' | 'production', answers: Partial<CheckSources>) {
  return operateOn([{ kind: 'smoke' }, { kind: 'team-told' }], environment, answers);
}

function operateOn(
  probes: readonly Check['probes'][number][],
  environment: 'local' | 'production',
  answers: Partial<CheckSources>,
) {
  const events: object[] = [];
  const list = listOf(...probes);
  const context = {
    clock,
    signal: new AbortController().signal,
    evidence: (kind: string, data: object) => events.push({ kind, ...data }),
  };
  const sources = sourcesWith(answers);
  const output = () => runInOperation(list, { sources, environment }, context);
  return { events, output };
}

const smoked = within(runSeen('R', { steps: [done('prepare', 'smoke')] }));

test('in an operation each verdict goes into the journal, and what is unknown is one line each', async () => {
  const { events, output } = await operate('local', smoked);
  expect(await output()).toEqual({
    passed: 1,
    failed: 0,
    unknown: 1,
    waived: 0,
    shown: '1 of 2 pass\nunknown check-1: no message to the team is kept yet (next: ompay deploy)',
  });
  expect(events).toMatchObject([
    {
      kind: 'check',
      checklist: 'list',
      check: 'check-0',
      title: words,
      severity: 'block',
      blocks: false,
      verdict: { kind: 'pass' },
    },
    { kind: 'check', check: 'check-1', verdict: { kind: 'unknown', hint: 'ompay deploy' } },
  ]);
});

test('in production what is unknown blocks: named, with the command that signs it, after all is journalled', async () => {
  const { events, output } = await operate('production', smoked);
  const error = await ompayErrorOf(output);
  expect(error).toMatchObject({ code: 'checkBlocked', exitCode: 3 });
  expect(error.message).toBe(
    [
      '1 check blocks in list:',
      '  unknown check-1: no message to the team is kept yet',
      '    next: ompay deploy, or ompay check sign check-1 --by NAME --reason TEXT',
    ].join('\n'),
  );
  expect(error.hint).toContain('ompay check run list');
  expect(events).toMatchObject([{ blocks: false }, { blocks: true }]);
});

test('each check that blocks has its own line, and under it what helps, once', async () => {
  const rehearsal = { kind: 'rollback-rehearsed', withinDays: 30 };
  const { output } = operateOn([{ kind: 'smoke' }, rehearsal], 'production', {});
  const { message } = await ompayErrorOf(output);
  expect(message.split('\n')).toEqual([
    '2 checks block in list:',
    '  unknown check-0: no smoke test was run here yet',
    '    next: ompay deploy, or ompay check sign check-0 --by NAME --reason TEXT',
    '  unknown check-1: no rollback was rehearsed here in the last 30 days',
    '    next: rehearse it in staging, or ompay check sign check-1 --by NAME --reason TEXT',
  ]);
});

test('what fails blocks everywhere, with the command that waives it; waived, it does not', async () => {
  const bad = {
    teamMessage: async () => ({ run: 'R', at: 'then', subject: 'abc is live', state: 'failed' }),
  };
  const { output } = await operate('local', { ...smoked, ...bad });
  const error = await ompayErrorOf(output);
  expect(error.message).toContain('fail check-1: run R, then: "abc is live" failed; expected: one channel');
  expect(error.message).toContain('ompay check waive check-1 --by NAME --reason TEXT --until YYYY-MM-DD');
  const notes = [{ at: '', by: '', data: { ...waived, check: 'check-1' } }];
  const history = async () => ({ runs: [], notes });
  const again = await operate('local', { ...smoked, ...bad, history });
  expect(await again.output()).toMatchObject({
    passed: 1,
    waived: 1,
    shown: expect.stringContaining('waived by Awa'),
  });
});

test('one long text does not make an event that the journal refuses', async () => {
  const { events, output } = await operate('local', {
    ...smoked,
    teamMessage: () => Promise.reject(new Error('x'.repeat(200_000))),
  });
  await output();
  expect(JSON.stringify(events).length).toBeLessThan(10_000);
});

test('a probe that was never validated is a fault of ours', async () => {
  const kit = { kinds: [], sources: sourcesWith(), clock, signal: new AbortController().signal };
  await expect(runChecklist(listOf({ kind: 'x' }), kit)).rejects.toThrow(TypeError);
});
