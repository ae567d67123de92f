import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { OmpayError } from '../../src/core/errors.ts';
import { localHost } from '../../src/host/local.ts';
import { runPlan, shownError } from '../../src/plan/run.ts';
import { sh } from '../../src/shell/line.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { planOf, recorded, shortEvents, step } from './fixtures.ts';

test('steps run in order and their outputs are kept by name', async () => {
  const context = recorded();
  const outcome = await runPlan(planOf([step('a'), step('b')], [step('c')]), context);
  expect(outcome).toEqual({ kind: 'done', outputs: { a: { did: 'a' }, b: { did: 'b' }, c: { did: 'c' } } });
  expect(context.calls).toEqual(['do a', 'do b', 'do c']);
  expect(shortEvents(context.events)).toEqual([
    'plan-started',
    'step-started a',
    'step-done a',
    'step-started b',
    'step-done b',
    'step-started c',
    'step-done c',
    'plan-done',
  ]);
});

test('a failed step is undone first, then those before it in reverse; later ones are never begun', async () => {
  const context = recorded();
  const outcome = await runPlan(planOf([step('a'), step('b')], [step('c', 'fail'), step('d')]), context);
  expect(outcome).toMatchObject({ kind: 'failed', error: new Error('c failed'), undoFailed: [] });
  expect(context.calls).toEqual(['do a', 'do b', 'fail c', 'undo c', 'undo b', 'undo a']);
  expect(shortEvents(context.events).slice(-8)).toEqual([
    'step-failed c: c failed',
    'undo-started c',
    'undo-done c',
    'undo-started b',
    'undo-done b',
    'undo-started a',
    'undo-done a',
    'plan-failed',
  ]);
});

test('undo puts the world back: what a step made on the host is gone after a later failure', async () => {
  const made = join(temporaryFolder(), 'made');
  const plan = planOf([
    {
      ...step('make', 'do'),
      action: { kind: 'exec', line: sh`touch ${made}`, timeoutMs: 5000 },
      undo: { kind: 'exec', line: sh`rm -f ${made}`, timeoutMs: 5000 },
    },
    step('seen', 'look'),
    step('boom', 'fail'),
  ]);
  const look = async () => ({ exists: existsSync(made) });
  const outcome = await runPlan(plan, recorded({ look }));
  expect(outcome).toMatchObject({ kind: 'failed', outputs: { seen: { exists: true } } });
  expect(existsSync(made)).toBe(false);
});

test('an undo that fails is named and journalled; the others run and the first error stays', async () => {
  const context = recorded();
  const broken = step('b', 'do', {
    undo: { kind: 'call', handler: 'fail', input: { what: 'undo of b' }, timeoutMs: 5000 },
  });
  const outcome = await runPlan(planOf([step('a'), broken, step('c', 'fail')]), context);
  expect(outcome).toMatchObject({ kind: 'failed', error: new Error('c failed'), undoFailed: ['b'] });
  expect(context.calls).toEqual(['do a', 'do b', 'fail c', 'undo c', 'fail undo of b', 'undo a']);
  expect(shortEvents(context.events)).toContain('undo-failed b: undo of b failed');
});

test('a step without undo is passed over', async () => {
  const { undo: _undo, ...withoutUndo } = step('b');
  const context = recorded();
  await runPlan(planOf([step('a'), withoutUndo, step('c', 'fail')]), context);
  expect(context.calls).toEqual(['do a', 'do b', 'fail c', 'undo c', 'undo a']);
});

test('an interruption in the middle of a step undoes what was begun, and the undo is not interrupted', async () => {
  const reason = new OmpayError('interrupted', 'interrupted by SIGINT', { hint: 'run it again' });
  const context = recorded({
    hang: (_input, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        setImmediate(() => context.controller.abort(reason));
      }),
    slowUndo: async (_input, { signal }) => {
      await new Promise(setImmediate);
      signal.throwIfAborted();
      context.calls.push('slow undo');
      return {};
    },
  });
  const hanging = step('b', 'hang', {
    undo: { kind: 'call', handler: 'slowUndo', input: {}, timeoutMs: 5000 },
  });
  const outcome = await runPlan(planOf([step('a'), hanging, step('c')]), context);
  expect(outcome).toMatchObject({ kind: 'failed', error: reason, undoFailed: [] });
  expect(context.calls).toEqual(['do a', 'slow undo', 'undo a']);
});

test('an interruption between two steps begins no other', async () => {
  const context = recorded({
    last: async () => {
      context.controller.abort(new Error('stop'));
      return {};
    },
  });
  const outcome = await runPlan(planOf([step('a', 'last'), step('b')]), context);
  expect(outcome).toMatchObject({ kind: 'failed', error: new Error('stop') });
  expect(context.calls).toEqual(['undo a']);
});

test('a step whose `unless` says it is done is skipped, and is not undone', async () => {
  const path = join(temporaryFolder(), 'there');
  writeFileSync(path, '');
  const context = recorded();
  const plan = planOf([
    step('there', 'do', { unless: sh`test -e ${path}` }),
    step('missing', 'do', { unless: sh`test -e ${`${path}.none`}` }),
    step('end', 'fail'),
  ]);
  await runPlan(plan, context);
  expect(context.calls).toEqual(['do missing', 'fail end', 'undo end', 'undo missing']);
  expect(shortEvents(context.events)).toContain('step-skipped there');
});

test('hosts of a stage run at the same time, each its steps in order; the next stage waits for all', async () => {
  const arrived: string[] = [];
  const all = Promise.withResolvers<void>();
  const context = recorded(
    {
      meet: async (input) => {
        arrived.push(String(input.what));
        if (arrived.length === 2) all.resolve();
        await all.promise;
        return {};
      },
    },
    [localHost(), { ...localHost(), name: 'other' }],
  );
  const plan = planOf(
    [step('a1', 'meet'), step('a2'), step('b1', 'meet', { on: 'other' }), step('b2', 'do', { on: 'other' })],
    [step('last')],
  );
  expect(await runPlan(plan, context)).toMatchObject({ kind: 'done' });
  expect(new Set(arrived)).toEqual(new Set(['a1', 'b1']));
  expect(new Set(context.calls.slice(0, 2))).toEqual(new Set(['do a2', 'do b2']));
  expect(context.calls.at(-1)).toBe('do last');
});

test('when one host fails, nothing is undone before the others have stopped', async () => {
  const failed = Promise.withResolvers<void>();
  const context = recorded(
    {
      failSoon: async () => {
        failed.resolve();
        throw new Error('host a failed');
      },
      slow: async () => {
        await failed.promise;
        await new Promise(setImmediate);
        context.calls.push('slow ends');
        return {};
      },
    },
    [localHost(), { ...localHost(), name: 'other' }],
  );
  const plan = planOf([step('a', 'failSoon'), step('b', 'slow', { on: 'other' })]);
  expect(await runPlan(plan, context)).toMatchObject({ kind: 'failed', error: new Error('host a failed') });
  expect(context.calls[0]).toBe('slow ends');
  expect(new Set(context.calls.slice(1))).toEqual(new Set(['undo a', 'undo b']));
});

test('a journal that cannot be written any more stops the plan but not the undo', async () => {
  const context = recorded();
  const full = new OmpayError('stateUnusable', 'cannot write the journal (ENOSPC)', { hint: 'free space' });
  const outcome = await runPlan(planOf([step('a'), step('b'), step('c')]), {
    ...context,
    emit: (event) => {
      if (context.calls.includes('do b')) throw full;
      context.emit(event);
    },
  });
  expect(outcome).toMatchObject({ kind: 'failed', error: full, undoFailed: [] });
  expect(context.calls).toEqual(['do a', 'do b', 'undo b', 'undo a']);
});

test('a host that is not connected is a fault of ours and says its name', async () => {
  const outcome = await runPlan(planOf([step('a', 'do', { on: 'nowhere' })]), recorded());
  expect(outcome).toMatchObject({ kind: 'failed' });
  expect(outcome.kind === 'failed' && shownError(outcome.error)).toMatchObject({
    code: 'internal',
    message: 'the plan names a host that is not connected: nowhere',
  });
});

test('what a step saw is an event even when the step then fails', async () => {
  const context = recorded({
    look: async (_input, { evidence }) => {
      evidence('observation', { failed: 7 });
      throw new Error('not well');
    },
  });
  await runPlan(planOf([step('watch', 'look')]), context);
  expect(context.events).toContainEqual({
    type: 'evidence',
    plan: 'p',
    step: 'watch',
    kind: 'observation',
    data: { failed: 7 },
  });
  expect(shortEvents(context.events)).toContain('step-failed watch: not well');
});
