import { isoTime } from '../../core/clock.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { Gate } from '../../host/gate.ts';
import type { Host } from '../../host/host.ts';
import { sh } from '../../shell/line.ts';
import { hasOption, type Invocation, textOption } from '../command.ts';
import { paint, paintOf } from '../render.ts';
import { readableLine } from '../render-log.ts';
import { chosenOf } from './chosen.ts';
import { withFleet } from './fleet-hosts.ts';
import {
  type HostLine,
  LOG_SOURCES,
  type LogChoices,
  logLine,
  type Resume,
  readHostLine,
  sinceMsOf,
} from './fleet-log-lines.ts';
import { lineOrder } from './line-order.ts';

/** Lines of several hosts that are on their way at the same time are told in order when they come within this. */
const HOLD_MS = 500;
const FLUSH_MS = 100;
/** What is held of all hosts together. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;
const MAX_LINES = 10_000;
const RETRY_MS = 2000;
const PING_MS = 10_000;
const MAX_FOLLOWS = 100;

/** The printing of lines, and of words of our own between them. */
interface Screen {
  line(line: HostLine): void;
  say(host: string, words: string): void;
}

/** `logs -e ENV`: the lines of all chosen hosts as one, in the order of their times. */
export async function logsOfFleet(invocation: Invocation): Promise<number> {
  const { clock, signal } = invocation;
  const { config, names } = chosenOf(invocation);
  const choices = choicesOf(invocation);
  const screen = screenOf(invocation, names);
  const order = lineOrder(MAX_HELD_BYTES);
  const take = (line: HostLine): void => {
    if (choices.sinceMs !== undefined && line.timeMs < choices.sinceMs) return;
    for (const each of order.push(line, clock.monotonicMs())) screen.line(each);
  };
  const over = new AbortController();
  const flushing = flush(invocation, choices, over.signal, () => {
    for (const line of order.takeArrived(clock.monotonicMs() - HOLD_MS)) screen.line(line);
  });
  const gate = new Gate(MAX_FOLLOWS);
  const codes = await withFleet(invocation, config, { names }, ({ hosts }) =>
    Promise.all(
      names
        .flatMap((name) => hosts[name] ?? [])
        .map((host) => gate.pass(() => readFrom(host, { invocation, choices, take, screen }))),
    ),
  ).finally(() => over.abort());
  await flushing;
  for (const line of order.takeArrived(Number.POSITIVE_INFINITY)) screen.line(line);
  return signal.aborted ? 0 : Math.max(0, ...codes);
}

/** Only a follow tells lines before the end: without it, all are put in order. */
async function flush(
  { clock }: Invocation,
  { follows }: LogChoices,
  over: AbortSignal,
  tell: () => void,
): Promise<void> {
  while (follows && !over.aborted) {
    await clock.sleep(FLUSH_MS, over).catch(() => {});
    tell();
  }
}

interface Reading {
  readonly invocation: Invocation;
  readonly choices: LogChoices;
  readonly take: (line: HostLine) => void;
  readonly screen: Screen;
}

/** Gives 0, or the exit code of the error that kept this host from being read; the others are read all the same. */
async function readFrom(host: Host, reading: Reading): Promise<number> {
  const { choices, invocation, screen } = reading;
  const { clock, signal } = invocation;
  let after: Resume | undefined;
  const read = async (): Promise<void> => {
    await host.follow(logLine(choices, after), {
      signal,
      onLine: (text) => {
        const line = readHostLine(host.name, choices.source, text, clock.now());
        after = { cursor: line.cursor ?? after?.cursor };
        reading.take(line);
      },
    });
  };
  for (;;) {
    try {
      await read();
      if (!choices.follows) return 0;
      screen.say(host.name, 'the reading ended there; it is begun again');
    } catch (error) {
      if (signal.aborted) return 0;
      if (!choices.follows || !isAway(error)) {
        screen.say(host.name, messageOf(error));
        return error instanceof OmpayError ? error.exitCode : 6;
      }
      screen.say(host.name, `away: ${messageOf(error)}; it is tried again until it is back`);
    }
    if (!(await isBack(host, invocation))) return 0;
    after ??= { cursor: undefined };
    screen.say(
      host.name,
      choices.source === 'system' ? 'is back' : 'is back; what its files got meanwhile is not shown',
    );
  }
}

/** Waits for a host as long as the operator does; false when the operator left. */
async function isBack(host: Host, { clock, signal }: Invocation): Promise<boolean> {
  while (!signal.aborted) {
    try {
      await clock.sleep(RETRY_MS, signal);
      await host.exec(sh`true`, { timeoutMs: PING_MS, readOnly: true, signal });
      return true;
    } catch (error) {
      if (!signal.aborted && !isAway(error)) throw error;
    }
  }
  return false;
}

function isAway(error: unknown): boolean {
  return error instanceof OmpayError && (error.code === 'hostUnreachable' || error.code === 'timeout');
}

function choicesOf({ args, clock, command }: Invocation): LogChoices {
  const [wanted = 'slot', ...more] = args;
  const source = LOG_SOURCES.find((each) => each === wanted);
  if (source === undefined || more.length > 0) {
    throw new OmpayError(
      'usage',
      `on servers, one of ${LOG_SOURCES.join(', ')} is shown, seen ${JSON.stringify(args.join(' '))}`,
      { hint: 'ompay logs -e staging nginx' },
    );
  }
  const sinceMs = sinceMsOf(textOption(command, 'since'), clock.now());
  const typed = Number(textOption(command, 'lines'));
  if (!Number.isInteger(typed) || typed < 0 || typed > MAX_LINES) {
    throw new OmpayError('usage', `--lines must be a whole number from 0 to ${MAX_LINES}, seen ${typed}`, {
      hint: 'ompay logs -e staging --lines 50',
    });
  }
  // With a time to begin at, that is what was asked for.
  const lines = sinceMs === undefined ? typed : MAX_LINES;
  return { source, lines, sinceMs, follows: hasOption(command, 'follow') };
}

function screenOf({ output }: Invocation, names: readonly string[]): Screen {
  const width = Math.max(...names.map(({ length }) => length));
  const lead = (host: string): string => paintOf(names.indexOf(host))(`${host.padEnd(width)} |`);
  if (output.json) {
    return {
      line: ({ host, by, timeMs, text }) =>
        output.write(`${JSON.stringify({ host, by, at: isoTime(timeMs), line: text })}\n`),
      say: (host, words) => output.write(`${JSON.stringify({ host, notice: words })}\n`),
    };
  }
  return {
    line: ({ host, by, timeMs, text }) => {
      const readable = readableLine(text);
      const shown = readable === text ? `${isoTime(timeMs)} ${paint.faint(by)} ${text}` : readable;
      output.write(`${lead(host)} ${shown}\n`);
    },
    say: (host, words) => output.write(`${lead(host)} ${paint.warn(`— ${words}`)}\n`),
  };
}
