/** A stream of bytes, taken in pieces of the reader's own size. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** In order; together `#heldBytes`. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #isEnded = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** The next bytes: `size`, or fewer at the end. */
  async read(size: number): Promise<Buffer> {
    await this.#hold(size);
    const pieces: Uint8Array[] = [];
    for (let wanted = Math.min(size, this.#heldBytes); wanted > 0; ) {
      const first = this.#held.shift() ?? new Uint8Array();
      const piece = first.subarray(0, wanted);
      if (piece.length < first.length) this.#held.unshift(first.subarray(piece.length));
      pieces.push(piece);
      wanted -= piece.length;
      this.#heldBytes -= piece.length;
    }
    const [only] = pieces;
    // What is not copied need not be collected: gigabytes pass here.
    if (only !== undefined && pieces.length === 1)
      return Buffer.from(only.buffer, only.byteOffset, only.length);
    return Buffer.concat(pieces);
  }

  /** The next line, its end included; the rest when no end comes within `mostBytes`. */
  async readLine(mostBytes: number): Promise<Buffer> {
    for (let size = 128; ; size *= 2) {
      await this.#hold(Math.min(size, mostBytes));
      const seen = Buffer.concat(this.#held);
      const end = seen.indexOf('\n');
      if (end >= 0 || this.#isEnded || size >= mostBytes) return this.read(end < 0 ? mostBytes : end + 1);
    }
  }

  async isAtEnd(): Promise<boolean> {
    await this.#hold(1);
    return this.#heldBytes === 0;
  }

  /** Lets the source end its own work when its rest is not wanted. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #hold(size: number): Promise<void> {
    while (this.#heldBytes < size && !this.#isEnded) {
      const next = await this.#chunks.next();
      if (next.done === true) this.#isEnded = true;
      else if (next.value.length > 0) {
        this.#held.push(next.value);
        this.#heldBytes += next.value.length;
      }
    }
  }
}
