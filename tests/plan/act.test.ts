import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { OmpayError } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Host } from '../../src/host/host.ts';
import { localHost } from '../../src/host/local.ts';
import { type ActContext, act, type Handlers } from '../../src/plan/act.ts';
import type { WaitHttpAction } from '../../src/plan/plan.ts';
import { sh } from '../../src/shell/line.ts';
import { manualClock } from '../fixtures/clock.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { ompayErrorOf } from '../fixtures/thrown.ts';

function context(
  options: { clock?: Clock; handlers?: Handlers; host?: Host; signal?: AbortSignal } = {},
): ActContext {
  return {
    host: options.host ?? localHost(),
    handlers: options.handlers ?? {},
    clock: options.clock ?? systemClock,
    signal: options.signal,
    evidence: () => {},
  };
}

function waitFor(socketPath: string, timeoutMs: number, intervalMs = 10): WaitHttpAction {
  return { kind: 'waitHttp', target: { socketPath }, path: '/health', status: 200, intervalMs, timeoutMs };
}

async function serveStatuses(path: string, statuses: readonly number[]): Promise<void> {
  let next = 0;
  const server = createServer((_request, response) => {
    response.writeHead(statuses[next] ?? 200).end(`answer ${next}`);
    next += 1;
  });
  onTestFinished(() => {
    server.close();
  });
  server.listen(path);
  await once(server, 'listening');
}

test('a command that succeeds gives the end of its output', async () => {
  const output = await act({ kind: 'exec', line: sh`seq 1 20`, timeoutMs: 5000 }, context());
  expect(output).toEqual({ stdout: '16\n17\n18\n19\n20' });
});

test('a command that fails says its line with secrets masked, its code and what it wrote', async () => {
  const line = sh`echo ${new Secret('topsecret')} >/dev/null; echo reason >&2; exit 7`;
  const error = await ompayErrorOf(() => act({ kind: 'exec', line, timeoutMs: 5000 }, context()));
  expect(error).toMatchObject({
    code: 'commandFailed',
    message: '`echo *** >/dev/null; echo reason >&2; exit 7` exited 7: reason',
    hint: 'run it by hand on local',
  });
  const silent = await ompayErrorOf(() =>
    act({ kind: 'exec', line: sh`kill -9 $$`, timeoutMs: 5000 }, context()),
  );
  expect(silent.message).toBe('`kill -9 $$` exited by a signal: nothing on stderr');
});

test('a command has the time limit of its step', async () => {
  const action = { kind: 'exec', line: sh`sleep 30`, timeoutMs: 200 } as const;
  expect(await ompayErrorOf(() => act(action, context()))).toMatchObject({ code: 'timeout' });
});

test('put writes the file with its mode', async () => {
  const path = join(temporaryFolder(), 'x');
  expect(await act({ kind: 'put', path, content: 'hello', mode: 0o640 }, context())).toEqual({});
  expect(readFileSync(path, 'utf8')).toBe('hello');
  expect(statSync(path).mode & 0o777).toBe(0o640);
});

test('waiting for an answer goes on through other answers until the right one', async () => {
  const path = join(temporaryFolder(), 'api.sock');
  await serveStatuses(path, [503, 500, 200]);
  expect(await act(waitFor(path, 10_000), context())).toMatchObject({ tries: 3 });
});

test('waiting may begin before anybody listens', async () => {
  const path = join(temporaryFolder(), 'api.sock');
  const waiting = act(waitFor(path, 20_000), context());
  await systemClock.sleep(50);
  await serveStatuses(path, [200]);
  expect(Number((await waiting).tries)).toBeGreaterThan(1);
});

test('waiting ends with its limit and says what was last seen', async () => {
  const path = join(temporaryFolder(), 'api.sock');
  await serveStatuses(
    path,
    Array.from({ length: 10_000 }, () => 503),
  );
  const error = await ompayErrorOf(() => act(waitFor(path, 250), context()));
  expect(error.code).toBe('timeout');
  expect(error.message).toMatch(/^\/health did not answer 200 in 250 ms; last seen: 503 answer \d+$/);
});

test('waiting makes no more tries than fit, whatever the host does', async () => {
  let tries = 0;
  const limitsMs: number[] = [];
  const host: Host = {
    ...localHost(),
    request: async ({ timeoutMs }) => {
      tries += 1;
      limitsMs.push(timeoutMs);
      throw new OmpayError('hostUnreachable', 'refused', { hint: 'none' });
    },
  };
  const clock = manualClock();
  const error = await ompayErrorOf(() => act(waitFor('/nowhere', 5000, 1000), context({ host, clock })));
  expect(error.message).toBe('/health did not answer 200 in 5000 ms; last seen: refused');
  expect(tries).toBe(5);
  expect(limitsMs).toEqual([2000, 2000, 2000, 2000, 1000]);
});

test('waiting stops at an interruption, and a fault of ours is not taken for a service that is down', async () => {
  const controller = new AbortController();
  const waiting = act(waitFor('/nowhere.sock', 60_000, 60_000), context({ signal: controller.signal }));
  setImmediate(() => controller.abort(new Error('stop')));
  await expect(waiting).rejects.toThrow('stop');
  const host: Host = { ...localHost(), request: () => Promise.reject(new TypeError('a bug')) };
  await expect(act(waitFor('/x', 60_000), context({ host }))).rejects.toThrow(new TypeError('a bug'));
});

test('a handler is given its input and a signal that its time limit aborts', async () => {
  const reasons: unknown[] = [];
  const handlers: Handlers = {
    echo: async (input) => ({ ...input, echoed: true }),
    hang: (_input, { signal }) =>
      new Promise(() => {
        signal.addEventListener('abort', () => reasons.push(signal.reason));
      }),
  };
  const call = { kind: 'call', input: { a: 1 }, timeoutMs: 60 } as const;
  expect(await act({ ...call, handler: 'echo' }, context({ handlers }))).toEqual({ a: 1, echoed: true });
  const error = await ompayErrorOf(() => act({ ...call, handler: 'hang' }, context({ handlers })));
  expect(error).toMatchObject({ code: 'timeout', message: 'hang was not done after 60 ms' });
  expect(reasons).toEqual([error]);
});

test('an interruption ends a handler that ignores it, as far as the plan is concerned', async () => {
  const controller = new AbortController();
  const handlers: Handlers = { hang: () => new Promise(() => {}) };
  const action = { kind: 'call', handler: 'hang', input: {}, timeoutMs: 60_000 } as const;
  const run = act(action, context({ handlers, signal: controller.signal }));
  controller.abort(new Error('stop'));
  await expect(run).rejects.toThrow('stop');
  await expect(act(action, context({ handlers, signal: controller.signal }))).rejects.toThrow('stop');
});

test('a handler that is in no table is a fault of ours', async () => {
  const action = { kind: 'call', handler: 'nothing', input: {}, timeoutMs: 100 } as const;
  await expect(act(action, context())).rejects.toThrow(new TypeError('no handler is named nothing'));
});
