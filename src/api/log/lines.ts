import { writeSync } from 'node:fs';

export interface LineParts {
  /** Where the next line goes. */
  readonly descriptor: () => number;
  readonly onDropped: () => void;
  /** The line that tells how many are missing. */
  readonly describeGap: (dropped: number) => string;
}

/**
 * Writes each line at once, with one write(2), so that several processes may append to one file. A line that cannot be
 * written (the disk is full, nobody reads the pipe) is dropped and counted; when writing works again, the gap is told.
 */
export function lineWriter({ descriptor, onDropped, describeGap }: LineParts): {
  write(line: string): void;
} {
  let dropped = 0;
  let isTorn = false;

  const put = (line: string): void => {
    const bytes = Buffer.from(isTorn ? `\n${line}` : line);
    let written = 0;
    try {
      const target = descriptor();
      while (written < bytes.length) written += writeSync(target, bytes, written);
      isTorn = false;
    } catch (error) {
      isTorn ||= written > 0;
      throw error;
    }
  };

  return {
    write(line) {
      try {
        if (dropped > 0) put(describeGap(dropped));
        dropped = 0;
        put(line);
      } catch {
        dropped += 1;
        onDropped();
      }
    },
  };
}
