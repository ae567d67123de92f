import { hostname, userInfo } from 'node:os';
import { type Clock, isoTime } from '../core/clock.ts';
import { type ErrorName, EXIT_CODE_BY_ERROR, OmpayError } from '../core/errors.ts';
import { ulid } from '../core/ids.ts';
import type { Layout } from '../core/layout.ts';
import { sweepUnfinished } from '../core/unfinished.ts';
import { localHost } from '../host/local.ts';
import type { Handlers } from '../plan/act.ts';
import type { RunEvent, ShownError } from '../plan/event.ts';
import { journalFiles, openJournal } from '../plan/journal.ts';
import { type HeldLock, holdLock, type LockHolder } from '../plan/lock.ts';
import type { JsonObject } from '../plan/plan.ts';
import { type RunContext, shownError } from '../plan/run.ts';
import type { Invocation } from './command.ts';
import { createRenderer, shownErrorText } from './render.ts';

/** An operation while it runs: everything that a plan's interpreter needs, and who acts. */
export interface Operation extends RunContext {
  readonly run: string;
  /** `user@host` */
  readonly by: string;
  /** Present once the handler `lock.acquire` has run. */
  readonly lock: () => HeldLock | undefined;
}

export interface OperationResult {
  readonly exitCode: number;
  readonly summary: string;
  readonly data: JsonObject;
}

export interface OperationRequest {
  /** The words of the command. */
  readonly command: string;
  readonly title: string;
  /** What was chosen; no secrets. */
  readonly input: JsonObject;
  readonly handlers: (operation: Operation) => Handlers;
  /** When the run is over and told, whatever came of it; must not throw. */
  readonly afterwards?: (run: string) => Promise<void>;
}

/** `user@host`, as locks and journals name who acts. */
export function actor(): string {
  return `${userInfo().username}@${hostname()}`;
}

/**
 * Runs one journalled operation: events go to the journal first, then to the screen. Whatever happens, the lock is
 * given back, the last event says how it ended, and the exit code fits the error. When the lock or the journal fails
 * at the end (a full disk), the outcome stays what it was, and stderr says what could not be done.
 */
export async function runOperation(
  invocation: Invocation,
  request: OperationRequest,
  body: (operation: Operation) => Promise<OperationResult>,
): Promise<number> {
  const { clock, layout, output, signal } = invocation;
  const run = ulid(clock.now());
  const by = actor();
  const journal = openJournal(journalFiles(layout), { run, by }, clock);
  const renderer = createRenderer(output);
  output.outliveReader();
  const keeper = lockKeeper({ owner: by, machine: hostname(), run, reason: request.command }, layout, clock);
  const startedMs = clock.monotonicMs();
  const show = (event: RunEvent): void => renderer.show(event, { run, nowMs: clock.now() });
  const emit = (event: RunEvent): void => {
    journal.append(event);
    show(event);
  };
  const operation: Operation = {
    run,
    by,
    clock,
    emit,
    hosts: { local: localHost() },
    signal: AbortSignal.any([signal, keeper.lost]),
    lock: keeper.held,
    handlers: {},
  };
  const handlers = { ...keeper.handlers, ...request.handlers(operation) };
  const { result, error } = await outcomeOf({ interrupted: signal, lost: keeper.lost }, () => {
    emit({ type: 'run-started', command: request.command, title: request.title, input: request.input });
    return body({ ...operation, handlers });
  });
  const done: RunEvent = { type: 'run-done', ...result, durationMs: clock.monotonicMs() - startedMs };
  const warnings = [
    warningOf(keeper.release, NOT_GIVEN_BACK),
    warningOf(() => journal.append(done), NOT_JOURNALLED),
  ];
  show(done);
  await renderer.end();
  if (error !== undefined && output.isTerminal && !output.json)
    process.stderr.write(shownErrorText(error.shown));
  process.stderr.write(`${warnings.join('')}${error?.stack ?? ''}`);
  await request.afterwards?.(run);
  return result.exitCode;
}

interface Outcome {
  readonly result: OperationResult;
  readonly error?: {
    readonly shown: ShownError;
    /** Where, for a fault of ours; else empty. */
    readonly stack: string;
  };
}

async function outcomeOf(signals: EndSignals, work: () => Promise<OperationResult>): Promise<Outcome> {
  try {
    return { result: await work() };
  } catch (thrown) {
    const error = causeOf(thrown, signals);
    const shown = shownError(error);
    const exitCode = error instanceof OmpayError ? error.exitCode : EXIT_CODE_BY_ERROR.internal;
    const stack = shown.code === 'internal' && error instanceof Error ? `${error.stack ?? ''}\n` : '';
    return {
      result: { exitCode, summary: shown.message, data: { error: { ...shown } } },
      error: { shown, stack },
    };
  }
}

interface EndSignals {
  readonly interrupted: AbortSignal;
  readonly lost: AbortSignal;
}

/**
 * What breaks after the lock was lost is that loss (a stopped process that goes on finds its time limits passed, too), and
 * what breaks after a Ctrl-C is that Ctrl-C: the terminal also sent it to what the command had started. But for what is
 * not as it was before.
 */
function causeOf(thrown: unknown, { interrupted, lost }: EndSignals): unknown {
  if (lost.aborted && codeOf(lost.reason) === 'lockLost') return lost.reason;
  return interrupted.aborted && !OUTRANKS.has(codeOf(thrown)) ? interrupted.reason : thrown;
}

const OUTRANKS: ReadonlySet<ErrorName | undefined> = new Set(['notRolledBack', 'lockLost']);

function codeOf(thrown: unknown): ErrorName | undefined {
  return thrown instanceof OmpayError ? thrown.code : undefined;
}

const NOT_GIVEN_BACK = 'the lock was not given back';
const NOT_JOURNALLED = 'how this run ended is not in the journal';

/** Does the work; what it throws becomes a warning for stderr, since something that matters more is to be told. */
function warningOf(work: () => void, what: string): string {
  try {
    work();
    return '';
  } catch (error) {
    const { message, hint } = shownError(error);
    return `warning: ${what}: ${message}\n  next: ${hint}\n`;
  }
}

interface LockKeeper {
  readonly handlers: Handlers;
  readonly held: () => HeldLock | undefined;
  /** Aborted with `lockLost` when another took the lock. */
  readonly lost: AbortSignal;
  /** Does nothing when it is not held. */
  release(): void;
}

/** The lock of one operation: taken and given back by steps of its plans, and given back in any case at its end. */
function lockKeeper(
  who: Pick<LockHolder, 'owner' | 'machine' | 'run' | 'reason'>,
  layout: Layout,
  clock: Clock,
): LockKeeper {
  const lost = new AbortController();
  let held: HeldLock | undefined;
  const release = (): void => {
    const given = held;
    // First: a release that fails is not tried again, and its lock goes with this process.
    held = undefined;
    given?.release();
  };
  const acquire = async (): Promise<JsonObject> => {
    const lock = holdLock(layout.lock, who, clock);
    held = lock;
    lock.signal.addEventListener('abort', () => lost.abort(lock.signal.reason), { once: true });
    const from = lock.takenOverFrom;
    const over = from === null ? '' : `, taken over from ${from.owner} (run ${from.run}) that ended`;
    const swept = sweepUnfinished(layout);
    const removed = swept === 0 ? '' : `; removed ${swept} unfinished that killed commands left`;
    return { token: lock.token, swept, shown: `token ${lock.token}${over}${removed}` };
  };
  const giveBack = async (): Promise<JsonObject> => {
    release();
    return {};
  };
  return {
    handlers: { 'lock.acquire': acquire, 'lock.release': giveBack },
    held: () => held,
    lost: lost.signal,
    release,
  };
}

/** Writes one line to the journal for a small act that needs no plan (`lock acquire`, `migrate up`). */
export function note(invocation: Invocation, text: string, data: JsonObject): void {
  const identity = { run: ulid(invocation.clock.now()), by: actor() };
  openJournal(journalFiles(invocation.layout), identity, invocation.clock).append({
    type: 'note',
    text,
    data,
  });
}

/** Holds the lock for the time of `work`, for acts that need no plan. Throws `lockHeld` at once. */
export async function withLock<T>(
  invocation: Pick<Invocation, 'layout' | 'clock'>,
  reason: string,
  work: () => Promise<T>,
): Promise<T> {
  const who = { owner: actor(), machine: hostname(), run: ulid(invocation.clock.now()), reason };
  const lock = holdLock(invocation.layout.lock, who, invocation.clock);
  try {
    return await work();
  } finally {
    process.stderr.write(warningOf(lock.release, NOT_GIVEN_BACK));
  }
}

export function shownTime(epochMs: number): string {
  return isoTime(epochMs)
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}
