/** A signal that a command sends to itself at an append of its journal; the first append of a run is 1. */
export interface Stop {
  readonly append: number;
  /**
   * `during`: once the command waits for something after that append, the journal's mutex given back; `locking`: when it
   * is about to ask for the lock, whatever the append.
   */
  readonly when: 'before' | 'torn' | 'after' | 'during' | 'locking';
  readonly signal: 'SIGKILL' | 'SIGSTOP' | 'SIGINT' | 'SIGTERM';
}

const WHENS = ['before', 'torn', 'after', 'during', 'locking'] as const;
const SIGNALS = ['SIGKILL', 'SIGSTOP', 'SIGINT', 'SIGTERM'] as const;

export function stopsText(stops: readonly Stop[]): string {
  return stops.map(({ append, when, signal }) => `${append}:${when}:${signal}`).join(',');
}

export function parseStops(text: string): Stop[] {
  return text
    .split(',')
    .filter((each) => each !== '')
    .map((each) => {
      const [append, whenText, signalText] = each.split(':');
      const when = WHENS.find((name) => name === whenText);
      const signal = SIGNALS.find((name) => name === signalText);
      if (when === undefined || signal === undefined) throw new Error(`not a stop: ${each}`);
      return { append: Number(append), when, signal };
    });
}

/** The same seed gives the same numbers in [0, 1): mulberry32, by Tommy Ettinger (public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
