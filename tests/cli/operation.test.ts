import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { expect, test, vi } from 'vitest';
import type { Invocation } from '../../src/cli/command.ts';
import { type Operation, type OperationResult, runOperation, withLock } from '../../src/cli/operation.ts';
import { systemClock } from '../../src/core/clock.ts';
import { OmpayError } from '../../src/core/errors.ts';
import { type Layout, localLayout } from '../../src/core/layout.ts';
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
  readonly stderr: string;
  readonly invocation: Invocation;
}

/** Runs an operation piped, as a script would see it. */
async function tried(
  body: (operation: Operation, controller: AbortController, layout: Layout) => Promise<OperationResult>,
): Promise<Tried> {
  let written = '';
  const folder = temporaryFolder();
  const controller = new AbortController();
  const invocation: Invocation = {
    command: new Command(),
    args: [],
    layout: localLayout(folder),
    programRoot: folder,
    version: '0',
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
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const exitCode = await runOperation(invocation, request, (operation) =>
      body(operation, controller, invocation.layout),
    );
    const told = stderr.mock.calls.map(([text]) => String(text)).join('');
    return { exitCode, events: jsonLines(written), stderr: told, invocation };
  } finally {
    stderr.mockRestore();
  }
}

async function lockStep(operation: Operation, handler: string): Promise<void> {
  const step = { id: 'a', title: 'a', on: 'local', action: call(handler, {}, 5000) };
  const plan = { name: 'lock', title: 'Lock', stages: [{ title: 'Lock', steps: [step] }] };
  const outcome = await runPlan(plan, operation);
  if (outcome.kind === 'failed') throw outcome.error;
}

const ROLLED_BACK = new OmpayError('rolledBack', 'the smoke test failed; blue serves on', {
  hint: 'ompay logs',
});

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
  const { exitCode, events, invocation } = await tried(async (operation) => {
    await lockStep(operation, 'lock.acquire');
    throw ROLLED_BACK;
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
  const { exitCode, events, stderr } = await tried(async () => {
    throw new TypeError('a bug');
  });
  expect(exitCode).toBe(6);
  expect(events.at(-1)).toMatchObject({ data: { error: { code: 'internal', message: 'a bug' } } });
  expect(stderr).toContain('TypeError: a bug\n');
});

/** A folder in the file's place: nobody can write there, not even root. */
function block(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

test('a journal and a lock that fail at the end do not hide how it ended', async () => {
  const { exitCode, events, stderr } = await tried(async (operation, _controller, layout) => {
    await lockStep(operation, 'lock.acquire');
    block(journalFiles(layout).lines);
    writeFileSync(layout.lock, 'garbage');
    throw ROLLED_BACK;
  });
  expect(exitCode).toBe(5);
  expect(events.at(-1)).toMatchObject({ type: 'run-done', exitCode: 5, summary: ROLLED_BACK.message });
  expect(stderr).toMatch(
    /^warning: the lock was not given back: .* cannot be understood: .*\n {2}next: .*\n/,
  );
  expect(stderr).toMatch(/warning: how this run ended is not in the journal: .* \(EISDIR\)\n {2}next: .*\n$/);
});

test('what was done stays done when its last line cannot be journalled', async () => {
  const { exitCode, events, stderr } = await tried(async (_operation, _controller, layout) => {
    block(journalFiles(layout).lines);
    return DONE;
  });
  expect(exitCode).toBe(0);
  expect(events.at(-1)).toMatchObject({ type: 'run-done', exitCode: 0, summary: 'done' });
  expect(stderr).toContain('warning: how this run ended is not in the journal');
});

test('a lock whose release failed is not held any more, and not released again', async () => {
  const { exitCode, stderr } = await tried(async (operation, _controller, layout) => {
    await lockStep(operation, 'lock.acquire');
    writeFileSync(layout.lock, 'garbage');
    await lockStep(operation, 'lock.release').finally(() => expect(operation.lock()).toBeUndefined());
    return DONE;
  });
  expect(exitCode).toBe(2);
  expect(stderr).toBe('');
});

test('the error of work under a lock wins over that of its release', async () => {
  const { exitCode } = await tried(async (_operation, _controller, layout) => {
    const work = withLock({ layout, clock: systemClock }, 'migrate', async () => {
      writeFileSync(layout.lock, 'garbage');
      throw ROLLED_BACK;
    });
    await expect(work).rejects.toBe(ROLLED_BACK);
    return DONE;
  });
  expect(exitCode).toBe(0);
});

test('an interruption reaches the operation and ends it with 130', async () => {
  const { exitCode } = await tried(async (operation, controller) => {
    controller.abort(new OmpayError('interrupted', 'interrupted by SIGINT', { hint: 'run it again' }));
    await operation.clock.sleep(60_000, operation.signal);
    return DONE;
  });
  expect(exitCode).toBe(130);
});

test('what breaks after a Ctrl-C is told as that Ctrl-C, but for what could not be put back', async () => {
  const reason = new OmpayError('interrupted', 'interrupted by SIGINT', { hint: 'again' });
  const thrown = {
    configInvalid: 'the bundler was ended by the same Ctrl-C',
    rolledBack: 'rolled back',
    notRolledBack: 'undoing it failed too',
    lockLost: 'taken over',
  } as const;
  const exitCodes: Record<string, number> = {};
  for (const code of ['configInvalid', 'rolledBack', 'notRolledBack', 'lockLost'] as const) {
    const { exitCode } = await tried(async (_operation, controller) => {
      controller.abort(reason);
      throw new OmpayError(code, thrown[code], { hint: 'see' });
    });
    exitCodes[code] = exitCode;
  }
  expect(exitCodes).toEqual({ configInvalid: 130, rolledBack: 130, notRolledBack: 6, lockLost: 4 });
});

test('what breaks after the lock was lost is told as that loss', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const { exitCode } = await tried(async (operation, _controller, layout) => {
      await lockStep(operation, 'lock.acquire');
      writeFileSync(layout.lock, JSON.stringify({ fencingToken: 2, holder: null }));
      vi.advanceTimersByTime(10_000);
      throw new OmpayError('rolledBack', 'slot.start was not done after 20000 ms', { hint: 'see' });
    });
    expect(exitCode).toBe(4);
  } finally {
    vi.useRealTimers();
  }
});
