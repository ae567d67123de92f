import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { expect, test, vi } from 'vitest';
import type { Invocation } from '../../src/cli/command.ts';
import { type Operation, type OperationResult, runOperation } from '../../src/cli/operation.ts';
import { systemClock } from '../../src/core/clock.ts';
import { OmpayError } from '../../src/core/errors.ts';
import { localLayout } from '../../src/core/layout.ts';
import { journalFiles } from '../../src/plan/journal.ts';
import { readLock } from '../../src/plan/lock.ts';
import { call } from '../../src/plan/plan.ts';
import { runPlan } from '../../src/plan/run.ts';
import { verifyJournal } from '../../src/plan/verify.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { jsonLines } from '../fixtures/ompay.ts';

interface Tried {
  readonly exitCode: number;
  readonly events: unknown[];
  readonly invocation: Invocation;
}

/** Runs an operation piped, as a script would see it. */
async function tried(
  body: (operation: Operation, controller: AbortController) => Promise<OperationResult>,
): Promise<Tried> {
  let written = '';
  const folder = temporaryFolder();
  const controller = new AbortController();
  const invocation: Invocation = {
    command: new Command(),
    args: [],
    layout: localLayout(folder),
    programRoot: folder,
    clock: systemClock,
    output: {
      json: true,
      isTerminal: false,
      outliveReader: () => {},
      write: (text) => {
        written += text;
      },
    },
    environment: {},
    signal: controller.signal,
  };
  const request = { command: 'deploy', title: 'Deploy', input: { port: 1 }, handlers: () => ({}) };
  const exitCode = await runOperation(invocation, request, (operation) => body(operation, controller));
  return { exitCode, events: jsonLines(written), invocation };
}

async function lockStep(operation: Operation, handler: string): Promise<void> {
  const step = { id: 'a', title: 'a', on: 'local', action: call(handler, {}, 5000) };
  const plan = { name: 'lock', title: 'Lock', stages: [{ title: 'Lock', steps: [step] }] };
  const outcome = await runPlan(plan, operation);
  if (outcome.kind === 'failed') throw outcome.error;
}

const DONE: OperationResult = { exitCode: 0, summary: 'done', data: {} };

test('an operation begins and ends in the journal with what the screen shows', async () => {
  const { exitCode, events, invocation } = await tried(async () => DONE);
  expect(exitCode).toBe(0);
  expect(events).toMatchObject([
    { type: 'run-started', command: 'deploy', input: { port: 1 } },
    { type: 'run-done', exitCode: 0, summary: 'done' },
  ]);
  const files = journalFiles(invocation.layout);
  expect(await verifyJournal(files)).toMatchObject({ kind: 'intact', lines: 2 });
  const journalled = jsonLines(readFileSync(files.lines, 'utf8'));
  expect(journalled).toMatchObject([{ event: { type: 'run-started' } }, { event: { type: 'run-done' } }]);
});

test('the lock is taken and given back by steps, and its token is known in between', async () => {
  const { invocation } = await tried(async (operation) => {
    await lockStep(operation, 'lock.acquire');
    expect(operation.lock()?.token).toBe(1);
    await lockStep(operation, 'lock.release');
    expect(operation.lock()).toBeUndefined();
    return DONE;
  });
  expect(readLock(invocation.layout.lock)).toEqual({ fencingToken: 1, holder: null });
});

test('whatever is thrown, the lock is given back and the exit code fits', async () => {
  const held = new OmpayError('rolledBack', 'the smoke test failed; blue serves on', { hint: 'ompay logs' });
  const { exitCode, events, invocation } = await tried(async (operation) => {
    await lockStep(operation, 'lock.acquire');
    throw held;
  });
  expect(exitCode).toBe(5);
  expect(readLock(invocation.layout.lock).holder).toBeNull();
  expect(events.at(-1)).toMatchObject({
    type: 'run-done',
    exitCode: 5,
    summary: 'the smoke test failed; blue serves on',
    data: { error: { code: 'rolledBack', hint: 'ompay logs' } },
  });
});

test('a fault of ours exits 6, says so, and shows where on stderr', async () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const { exitCode, events } = await tried(async () => {
      throw new TypeError('a bug');
    });
    expect(exitCode).toBe(6);
    expect(events.at(-1)).toMatchObject({ data: { error: { code: 'internal', message: 'a bug' } } });
    expect(String(stderr.mock.calls[0]?.[0])).toContain('TypeError: a bug\n');
  } finally {
    stderr.mockRestore();
  }
});

test('an interruption reaches the operation and ends it with 130', async () => {
  const { exitCode } = await tried(async (operation, controller) => {
    controller.abort(new OmpayError('interrupted', 'interrupted by SIGINT', { hint: 'run it again' }));
    await operation.clock.sleep(60_000, operation.signal);
    return DONE;
  });
  expect(exitCode).toBe(130);
});
