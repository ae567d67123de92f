import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { messageOf, OmpayError } from '../core/errors.ts';
import type { Host } from '../host/host.ts';
import { sh } from '../shell/line.ts';
import { changesIn, type Declared } from './declare.ts';
import { type HostFacts, readFacts } from './facts.ts';
import { DEBIAN } from './families.ts';
import { factsIn, lookAll } from './look.ts';
import type { HostChanges } from './plan.ts';

const LOOK_MS = 60_000;
const MARK_BYTES = 12;
/** What a person reads of a file: a longer one is shown to here. */
const CONTENT_BYTES = 64 * 1024;

export interface Inspected {
  readonly facts: HostFacts;
  readonly declared: Declared;
  readonly changes: HostChanges;
  /** By how much the host's clock is ahead of this one's, at least; negative: behind. */
  readonly clockOffMs: number;
}

export interface InspectKit {
  /** What the host is to be, by what it is. */
  readonly declareFor: (facts: HostFacts) => Declared;
  /** Of the last run: with them one look is enough. Facts are read anew, and another look follows when they have changed. */
  readonly lastFacts: HostFacts | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Reads what a host is and what on it is not as declared. Changes nothing. Errors name the host and that it was looked at. */
export async function inspect(host: Host, kit: InspectKit): Promise<Inspected> {
  const guess = kit.lastFacts === undefined ? undefined : kit.declareFor(kit.lastFacts);
  const first = await lookAt(host, guess, kit);
  const declared =
    guess !== undefined && isDeepStrictEqual(first.facts, kit.lastFacts)
      ? guess
      : kit.declareFor(first.facts);
  const { printed, mark, facts, clockOffMs } = declared === guess ? first : await lookAt(host, declared, kit);
  return { facts, declared, changes: changesIn(declared, printed, mark), clockOffMs };
}

interface Look {
  readonly printed: string;
  readonly mark: string;
  readonly facts: HostFacts;
  readonly clockOffMs: number;
}

async function lookAt(
  host: Host,
  declared: Declared | undefined,
  { now, signal }: InspectKit,
): Promise<Look> {
  const mark = `@@${randomBytes(MARK_BYTES).toString('hex')}`;
  const asked = { mark, family: declared?.family ?? DEBIAN };
  const beganMs = now();
  const printed = await printedBy(host, lookAll(declared?.resources ?? [], asked), signal);
  const { facts, epochMs } = readFacts(host.name, factsIn(printed, asked));
  return { printed, mark, facts, clockOffMs: offBy(epochMs, beganMs, now()) };
}

/** By how much a moment lies outside of what it can have been. */
function offBy(epochMs: number, fromMs: number, toMs: number): number {
  if (epochMs < fromMs) return epochMs - fromMs;
  return Math.max(0, epochMs - toMs);
}

async function printedBy(host: Host, line: ReturnType<typeof lookAll>, signal: AbortSignal): Promise<string> {
  try {
    const { exitCode, stdout, stderr } = await host.exec(line, {
      timeoutMs: LOOK_MS,
      readOnly: true,
      signal,
    });
    if (exitCode === 0) return stdout;
    throw new OmpayError(
      'commandFailed',
      `the look exited ${exitCode ?? 'by a signal'}: ${stderr.slice(-500)}`,
      {
        hint: `log in to ${host.name}, and see whether its shell works`,
      },
    );
  } catch (error) {
    if (!(error instanceof OmpayError)) throw error;
    const { code, hint } = error;
    throw new OmpayError(code, `looking at ${host.name}: ${messageOf(error)}`, { hint, cause: error });
  }
}

/** Contents of files as they are, to be compared by a person; what is not there or no text is left out. */
export async function readContents(
  host: Host,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  if (paths.length === 0) return new Map();
  const mark = `@@${randomBytes(MARK_BYTES).toString('hex')}`;
  const line = sh`for path in ${paths}; do if [ -f "$path" ]; then printf '%s %s\n' ${mark} "$path"; head -c ${CONTENT_BYTES} -- "$path"; printf '\n'; fi; done`;
  const printed = await printedBy(host, line, signal);
  const [, ...parts] = `\n${printed}\n`.split(`\n${mark} `);
  return new Map(
    parts.map((part): [string, string] => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end + 1)];
    }),
  );
}
