import { createHash, type KeyObject } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { readFileTail } from '../core/file-tail.ts';
import type { EvidenceKind } from '../plan/event.ts';
import { type JournalFiles, type JournalLine, parseLine } from '../plan/journal.ts';
import { journalPublicKey } from '../plan/journal-key.ts';
import type { JsonObject } from '../plan/plan.ts';
import { isSigned, SEALED } from '../plan/verify.ts';

/** What the journal says of the newest runs, oldest first. */
export interface History {
  readonly runs: readonly RunSeen[];
  readonly notes: readonly NoteSeen[];
}

export interface RunSeen {
  readonly run: string;
  readonly command: string;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly steps: readonly StepSeen[];
  readonly evidence: readonly EvidenceSeen[];
  /** Undefined while it runs, and for ever when it was killed. */
  readonly end: RunEnd | undefined;
}

export interface StepSeen {
  readonly plan: string;
  readonly step: string;
  /** ISO 8601; when it ended. */
  readonly at: string;
  readonly outcome: 'done' | 'failed';
  /** Empty for a step that failed. */
  readonly output: JsonObject;
  /** Empty for a step that was done. */
  readonly error: string;
}

export interface EvidenceSeen {
  readonly at: string;
  readonly kind: EvidenceKind;
  readonly data: JsonObject;
}

export interface RunEnd {
  readonly at: string;
  readonly exitCode: number;
  readonly data: JsonObject;
}

export interface NoteSeen {
  readonly at: string;
  readonly by: string;
  readonly data: JsonObject;
}

/** About 100 deploys. An older signature or run is forgotten by checks, which then ask for a new one. */
const WINDOW_BYTES = 16 * 1024 * 1024;
const EMPTY: History = { runs: [], notes: [] };

/**
 * Reads the newest 16 MB of the journal. Each line must follow from the one before and the newest must be signed by
 * this installation, which proves every line between. Throws `journalBroken` when they do not; `ompay audit verify`
 * proves the rest of the file and its end.
 */
export function readHistory(files: JournalFiles): History {
  const key = journalPublicKey(files);
  const text = newestText(files.lines);
  if (text === undefined) return EMPTY;
  const lines = provenLines(text, files.lines, key);
  return { runs: runsOf(lines), notes: notesOf(lines) };
}

/** Undefined when there is no journal yet. In a long file the first line may be cut: it is left out. */
function newestText(path: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw new OmpayError('stateUnusable', `cannot read the journal ${path} (${systemCodeOf(error)})`, {
      hint: 'see what is wrong: ompay doctor',
      cause: error,
    });
  }
  try {
    const { text, isAll } = readFileTail(descriptor, WINDOW_BYTES);
    return isAll ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    closeSync(descriptor);
  }
}

function provenLines(text: string, path: string, key: KeyObject | undefined): readonly JournalLine[] {
  const lines: JournalLine[] = [];
  for (const raw of text.split('\n')) {
    const line = parseLine(raw);
    // The beginning of a line, left by a killed command, was never acknowledged: the next line has its number.
    if (line === undefined) continue;
    const before = lines.at(-1);
    if (hashOf(raw) !== line.hash || (before !== undefined && line.previous !== before.hash))
      throw broken(path, line.seq);
    lines.push(line);
  }
  const newest = lines.at(-1);
  if (newest !== undefined && (key === undefined || !isSigned(newest, key))) throw broken(path, newest.seq);
  return lines;
}

/** The hash covers the line's own bytes before it. */
function hashOf(raw: string): string {
  const sealed = raw.replace(SEALED, '}');
  return createHash('sha256').update(sealed).digest('hex');
}

function broken(path: string, seq: number): OmpayError {
  return new OmpayError('journalBroken', `line ${seq} of ${path} is not as it was written`, {
    hint: 'see what was changed: ompay audit verify',
  });
}

function runsOf(lines: readonly JournalLine[]): readonly RunSeen[] {
  return [...Map.groupBy(lines, ({ run }) => run).values()].flatMap(runOf);
}

/** Nothing when its beginning is older than what was read. */
function runOf(lines: readonly JournalLine[]): readonly RunSeen[] {
  const [first] = lines;
  if (first?.event.type !== 'run-started') return [];
  return [
    {
      run: first.run,
      command: first.event.command,
      startedAt: first.at,
      steps: lines.flatMap(stepOf),
      evidence: lines.flatMap(evidenceOf),
      end: lines.flatMap(endOf).at(-1),
    },
  ];
}

function stepOf({ at, event }: JournalLine): readonly StepSeen[] {
  if (event.type === 'step-done')
    return [{ plan: event.plan, step: event.step, at, outcome: 'done', output: event.output, error: '' }];
  if (event.type === 'step-failed')
    return [
      { plan: event.plan, step: event.step, at, outcome: 'failed', output: {}, error: event.error.message },
    ];
  return [];
}

function evidenceOf({ at, event }: JournalLine): readonly EvidenceSeen[] {
  return event.type === 'evidence' ? [{ at, kind: event.kind, data: event.data }] : [];
}

function endOf({ at, event }: JournalLine): readonly RunEnd[] {
  return event.type === 'run-done' ? [{ at, exitCode: event.exitCode, data: event.data }] : [];
}

function notesOf(lines: readonly JournalLine[]): readonly NoteSeen[] {
  return lines.flatMap(({ at, by, event }) => (event.type === 'note' ? [{ at, by, data: event.data }] : []));
}

/** The newest step of a run with this plan and name; undefined when it did not end. */
export function stepIn(run: RunSeen | undefined, plan: string, step: string): StepSeen | undefined {
  return run?.steps.findLast((each) => each.plan === plan && each.step === step);
}
