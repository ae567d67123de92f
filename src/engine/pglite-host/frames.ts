/** A message of a PostgreSQL client (protocol 3.0, "Message Formats"), whole. */
export interface Frame {
  /** The letter of its type; empty for the untyped messages that open a connection. */
  readonly type: string;
  readonly bytes: Buffer;
}

/** More than this in one message is refused: 256 transfers of a batch are about 100 kB. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024;

const UNTYPED_HEADER_BYTES = 4;
const TYPED_HEADER_BYTES = 5;

/** A client that speaks something else than the protocol, or a message that is too large. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Cuts a client's byte stream into messages, however the network cut it. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bufferedBytes = 0;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /**
   * The next whole message, or undefined until more bytes come. `typed` is false until the start-up message.
   * Throws FrameError on an impossible length.
   */
  next(typed: boolean): Frame | undefined {
    const headerBytes = typed ? TYPED_HEADER_BYTES : UNTYPED_HEADER_BYTES;
    const header = this.#peek(headerBytes);
    if (header === undefined) return undefined;
    const sizeBytes = header.readUInt32BE(typed ? 1 : 0) + (typed ? 1 : 0);
    if (sizeBytes < headerBytes || sizeBytes > MAX_FRAME_BYTES) {
      throw new FrameError(`a message claims ${sizeBytes} bytes; ${MAX_FRAME_BYTES} are allowed`);
    }
    const bytes = this.#peek(sizeBytes);
    if (bytes === undefined) return undefined;
    this.#drop(sizeBytes);
    return {
      type: typed ? String.fromCharCode(bytes.readUInt8(0)) : '',
      bytes: bytes.subarray(0, sizeBytes),
    };
  }

  /** The first chunk, made long enough to hold `sizeBytes`; joins chunks only once they hold that much. */
  #peek(sizeBytes: number): Buffer | undefined {
    if (this.#bufferedBytes < sizeBytes) return undefined;
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= sizeBytes) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #drop(sizeBytes: number): void {
    const first = this.#chunks.shift();
    if (first !== undefined && first.length > sizeBytes) this.#chunks.unshift(first.subarray(sizeBytes));
    this.#bufferedBytes -= sizeBytes;
  }
}
