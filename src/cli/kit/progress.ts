import type { Clock } from '../../core/clock.ts';
import type { Progress, Work } from '../../core/progress.ts';
import { shownDuration, shownSize } from '../../core/units.ts';
import type { Invocation } from '../command.ts';

/** On a terminal one line, written anew; what is over sooner than `quietMs` has none. */
const LIVE = { quietMs: 2000, intervalMs: 250 };
/** Elsewhere lines that stay, for who reads a log. */
const PLAIN = { quietMs: 10_000, intervalMs: 10_000 };
/** Back to the line's beginning, and all of it away (ECMA-48, EL). */
const CLEAR = '\r\u001b[K';

export interface Screen {
  readonly isTerminal: boolean;
  /** Of a terminal: a longer line could not be written anew. */
  readonly columns?: number | undefined;
  readonly write: (text: string) => void;
}

/** The same, telling on stderr how far long work is. With `--json` nobody is told. */
export function withProgress<Deps extends { readonly progress?: Progress }>(
  deps: Deps,
  { clock, output }: Pick<Invocation, 'clock' | 'output'>,
): Deps {
  if (output.json) return deps;
  const { isTTY, columns } = process.stderr;
  const write = (text: string): void => void process.stderr.write(text);
  return { ...deps, progress: progressLine({ isTerminal: isTTY === true, columns, write }, clock) };
}

/** Shows how far work is, by when its bytes pass: four times a second on a terminal, each 10 s elsewhere. */
export function progressLine({ isTerminal, columns = 80, write }: Screen, clock: Clock): Progress {
  const { quietMs, intervalMs } = isTerminal ? LIVE : PLAIN;
  let begun: { readonly title: string; readonly atMs: number } | undefined;
  let shownAtMs = Number.NEGATIVE_INFINITY;
  return {
    at: (work, doneBytes) => {
      const nowMs = clock.monotonicMs();
      if (begun?.title !== work.title) begun = { title: work.title, atMs: nowMs };
      const elapsedMs = nowMs - begun.atMs;
      if (elapsedMs < quietMs || nowMs - shownAtMs < intervalMs) return;
      shownAtMs = nowMs;
      const text = shownProgress(work, { doneBytes, elapsedMs });
      write(isTerminal ? `${CLEAR}${text.slice(0, columns - 1)}` : `${text}\n`);
    },
    end: () => {
      if (isTerminal && shownAtMs > Number.NEGATIVE_INFINITY) write(CLEAR);
      shownAtMs = Number.NEGATIVE_INFINITY;
      begun = undefined;
    },
  };
}

/**
 * Pure. `reading s3: 212.0 MB of 1.1 GB, 88.0 MB/s, 10.1 s left`; the rate is the mean since the work began. A guess that was
 * passed is no guess any more.
 */
export function shownProgress(
  { title, ofBytes, isGuess = false }: Work,
  { doneBytes, elapsedMs }: { readonly doneBytes: number; readonly elapsedMs: number },
): string {
  const bytesASecond = (doneBytes * 1000) / elapsedMs;
  const rate = `${shownSize(Math.round(bytesASecond))}/s`;
  if (ofBytes === null || doneBytes > ofBytes || doneBytes === 0)
    return `${title}: ${shownSize(doneBytes)}, ${rate}`;
  const about = isGuess ? 'about ' : '';
  const leftMs = ((ofBytes - doneBytes) * 1000) / bytesASecond;
  return `${title}: ${shownSize(doneBytes)} of ${about}${shownSize(ofBytes)}, ${rate}, ${about}${shownDuration(leftMs)} left`;
}
