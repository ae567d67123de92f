/** What is longer is cut, and its end is not kept: a line without end must not fill the memory. */
export const MAX_LINE_BYTES = 64 * 1024;

/** Bytes as they come, lines as they are whole. */
export interface LineReader {
  push(chunk: Uint8Array): readonly string[];
  /** The last line, when it has no newline. */
  end(): readonly string[];
}

const NEWLINE = 0x0a;

export function lineReader(maxLineBytes = MAX_LINE_BYTES): LineReader {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let isCut = false;
  const hold = (part: Uint8Array): void => {
    const kept = part.subarray(0, maxLineBytes - heldBytes);
    isCut ||= kept.length < part.length;
    heldBytes += kept.length;
    // A view would keep the whole chunk that it is a part of.
    if (kept.length > 0) held.push(Uint8Array.from(kept));
  };
  const take = (): string => {
    const text = `${Buffer.concat(held).toString('utf8').replace(/\r$/, '')}${isCut ? '…' : ''}`;
    [held, heldBytes, isCut] = [[], 0, false];
    return text;
  };
  return {
    push: (chunk) => {
      const lines: string[] = [];
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        hold(chunk.subarray(from, at));
        lines.push(take());
        from = at + 1;
      }
      hold(chunk.subarray(from));
      return lines;
    },
    end: () => (heldBytes === 0 ? [] : [take()]),
  };
}

/** The end of what a program said on its standard error. */
export interface SaidTail {
  push(chunk: Uint8Array): void;
  text(): string;
}

const MAX_SAID_BYTES = 4096;

export function saidTail(): SaidTail {
  let said = Buffer.alloc(0);
  return {
    push: (chunk) => {
      said = Buffer.from(Buffer.concat([said, chunk]).subarray(-MAX_SAID_BYTES));
    },
    text: () => said.toString('utf8').trimEnd(),
  };
}
