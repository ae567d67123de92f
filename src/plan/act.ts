import type { Clock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import type { Host } from '../host/host.ts';
import type { EvidenceKind } from './event.ts';
import type { Action, ExecAction, JsonObject, WaitHttpAction } from './plan.ts';

export interface HandlerContext {
  readonly host: Host;
  readonly clock: Clock;
  /** Aborted when the step's time is over or the operator interrupts. */
  readonly signal: AbortSignal;
  /** Puts what was seen into the journal at once, whether the step then succeeds or not. At most 100 kB as JSON. */
  readonly evidence: (kind: EvidenceKind, data: JsonObject) => void;
}

/** Does one kind of work; gives plain data for the journal. Must be safe to run again after a crash in its middle. */
export type Handler = (input: JsonObject, context: HandlerContext) => Promise<JsonObject>;
export type Handlers = Readonly<Record<string, Handler>>;

export interface ActContext {
  readonly host: Host;
  readonly handlers: Handlers;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  readonly evidence: HandlerContext['evidence'];
}

/** Does one action within its time limit. */
export async function act(action: Action, context: ActContext): Promise<JsonObject> {
  switch (action.kind) {
    case 'exec':
      return execute(action, context);
    case 'put':
      await context.host.put(action.content, action.path, action.mode);
      return {};
    case 'waitHttp':
      return waitHttp(action, context);
    case 'call':
      return limited(action.timeoutMs, action.handler, context, (signal) =>
        handlerNamed(context.handlers, action.handler)(action.input, { ...context, signal }),
      );
  }
}

function handlerNamed(handlers: Handlers, name: string): Handler {
  const handler = handlers[name];
  if (handler === undefined) throw new TypeError(`no handler is named ${name}`);
  return handler;
}

async function execute(action: ExecAction, context: ActContext): Promise<JsonObject> {
  const signal = context.signal === undefined ? {} : { signal: context.signal };
  const result = await context.host.exec(action.line, { timeoutMs: action.timeoutMs, ...signal });
  if (result.exitCode !== 0) {
    const said = lastLines(result.stderr) || lastLines(result.stdout) || 'nothing on stderr';
    throw new OmpayError(
      'commandFailed',
      `\`${action.line.shown}\` exited ${result.exitCode ?? 'by a signal'}: ${said}`,
      {
        hint: `run it by hand on ${context.host.name}`,
      },
    );
  }
  return { stdout: lastLines(result.stdout) };
}

async function waitHttp(action: WaitHttpAction, context: ActContext): Promise<JsonObject> {
  const startedMs = context.clock.monotonicMs();
  let seen = 'no answer';
  let hasAnswered = false;
  for (let tries = 1; ; tries += 1) {
    const leftMs = action.timeoutMs - (context.clock.monotonicMs() - startedMs);
    if (leftMs <= 0) {
      throw new OmpayError(
        'timeout',
        `${action.path} did not answer ${action.status} in ${action.timeoutMs} ms; last seen: ${seen}`,
        {
          hint: 'read what the service wrote: ompay logs',
        },
      );
    }
    const answer = await ask(action, Math.min(leftMs, 2000), context);
    if (answer.statusCode === action.status)
      return { tries, waitedMs: Math.round(context.clock.monotonicMs() - startedMs) };
    // What was answered says more than the last try, which the limit may have cut short.
    if (answer.statusCode !== 0 || !hasAnswered) seen = answer.seen;
    hasAnswered ||= answer.statusCode !== 0;
    await context.clock.sleep(action.intervalMs, context.signal);
  }
}

async function ask(
  action: WaitHttpAction,
  timeoutMs: number,
  context: ActContext,
): Promise<{ statusCode: number; seen: string }> {
  try {
    const signal = context.signal === undefined ? {} : { signal: context.signal };
    const answer = await context.host.request({
      method: 'GET',
      target: action.target,
      path: action.path,
      timeoutMs,
      ...signal,
    });
    return { statusCode: answer.statusCode, seen: `${answer.statusCode} ${lastLines(answer.body)}` };
  } catch (error) {
    if (context.signal?.aborted === true || !(error instanceof OmpayError)) throw error;
    return { statusCode: 0, seen: error.message };
  }
}

/** What was aborted may still finish a call that it is in; an undo that began beside it could be overtaken by it. */
const SETTLE_MS = 5000;

/** Runs `work` with a signal that is aborted when its time is over, and then waits for it a little longer. */
async function limited(
  timeoutMs: number,
  name: string,
  context: ActContext,
  work: (signal: AbortSignal) => Promise<JsonObject>,
): Promise<JsonObject> {
  const timeout = new AbortController();
  const signal =
    context.signal === undefined ? timeout.signal : AbortSignal.any([timeout.signal, context.signal]);
  const timer = setTimeout(() => {
    timeout.abort(
      new OmpayError('timeout', `${name} was not done after ${timeoutMs} ms`, {
        hint: 'read what the services wrote: ompay logs',
      }),
    );
  }, timeoutMs);
  try {
    return await finished(work(signal), signal, context.clock);
  } finally {
    clearTimeout(timer);
  }
}

async function finished(
  running: Promise<JsonObject>,
  signal: AbortSignal,
  clock: Clock,
): Promise<JsonObject> {
  try {
    return await Promise.race([running, rejectedBy(signal)]);
  } catch (error) {
    const settled = running.then(
      () => {},
      () => {},
    );
    const enough = new AbortController();
    if (signal.aborted) await Promise.race([settled, clock.sleep(SETTLE_MS, enough.signal).catch(() => {})]);
    enough.abort();
    throw error;
  }
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** What is worth showing of an output: its end. */
function lastLines(text: string): string {
  const lines = text.trimEnd().split('\n').slice(-5).join('\n');
  return lines.length > 1000 ? `…${lines.slice(-1000)}` : lines;
}
