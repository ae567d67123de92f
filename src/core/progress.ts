/** Bytes that take a while to pass. */
export interface Work {
  /** For people: `reading s3` */
  readonly title: string;
  /** How many there will be; null: nobody knows. */
  readonly ofBytes: number | null;
  /** As many as the last time, perhaps. */
  readonly isGuess?: boolean;
}

/** Is told of long work while it goes on. */
export interface Progress {
  at(work: Work, doneBytes: number): void;
  /** That work is over, however it ended. */
  end(): void;
}

/** Tells of bytes on their way. */
export async function* counted(
  source: AsyncIterable<Uint8Array>,
  work: Work,
  progress: Progress | undefined,
): AsyncGenerator<Uint8Array> {
  let doneBytes = 0;
  try {
    for await (const chunk of source) {
      doneBytes += chunk.length;
      progress?.at(work, doneBytes);
      yield chunk;
    }
  } finally {
    progress?.end();
  }
}

/** For one part of a longer work, which `beforeBytes` came before: it is told as the whole, whose end is its owner's to tell. */
export function partOf(progress: Progress, whole: Work, beforeBytes: number): Progress {
  return { at: (_, doneBytes) => progress.at(whole, beforeBytes + doneBytes), end: () => {} };
}
