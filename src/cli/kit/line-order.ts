import type { HostLine } from './fleet-log-lines.ts';

/** Holds lines of several hosts a moment, so that they can be told in the order of their times. */
export interface LineOrder {
  /** Gives what must be told now, as there is no room for more. */
  push(line: HostLine, arrivedMs: number): readonly HostLine[];
  /** All that came by then, the earliest first. */
  takeArrived(untilMs: number): readonly HostLine[];
}

/** What a line takes beside its text. */
const LINE_BYTES = 200;

interface Held {
  readonly line: HostLine;
  readonly arrivedMs: number;
}

/** @param maxBytes held at most: beyond it half of them are told, in the order that is known by then. */
export function lineOrder(maxBytes: number): LineOrder {
  let held: Held[] = [];
  let heldBytes = 0;
  const sizeOf = ({ text }: HostLine): number => 2 * text.length + LINE_BYTES;
  const take = (isDue: (each: Held, index: number) => boolean): readonly HostLine[] => {
    // The sort is stable: lines of one time stay as they came.
    const ordered = held.toSorted((a, b) => a.line.timeMs - b.line.timeMs);
    const due = ordered.filter(isDue);
    held = ordered.filter((each, index) => !isDue(each, index));
    heldBytes = held.reduce((sum, { line }) => sum + sizeOf(line), 0);
    return due.map(({ line }) => line);
  };
  return {
    push: (line, arrivedMs) => {
      held.push({ line, arrivedMs });
      heldBytes += sizeOf(line);
      const half = Math.ceil(held.length / 2);
      return heldBytes <= maxBytes ? [] : take((_each, index) => index < half);
    },
    takeArrived: (untilMs) => take(({ arrivedMs }) => arrivedMs <= untilMs),
  };
}
