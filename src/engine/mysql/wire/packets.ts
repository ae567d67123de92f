const HEADER_BYTES = 4;
const MAX_PACKET_BYTES = 0xffffff;

/** A part of a message, as the network cut it. */
export interface Piece {
  readonly bytes: Buffer;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** Cuts a server's byte stream into messages without gathering them: an event of a gigabyte comes in pieces. */
export class PacketSplitter {
  #header = Buffer.alloc(0);
  #leftBytes = 0;
  /** The packet is full, so that its message goes on in the next one. */
  #goesOn = false;
  #isInMessage = false;
  #sequence = 0;

  /** Of the packet read last; answers of the handshake count on from it. */
  get sequence(): number {
    return this.#sequence;
  }

  push(bytes: Buffer): readonly Piece[] {
    const pieces: Piece[] = [];
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#leftBytes > 0) {
        const taken = rest.subarray(0, this.#leftBytes);
        this.#leftBytes -= taken.length;
        pieces.push(this.#piece(taken));
        rest = rest.subarray(taken.length);
        continue;
      }
      const missing = HEADER_BYTES - this.#header.length;
      this.#header = Buffer.concat([this.#header, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      if (this.#header.length === HEADER_BYTES) this.#open(pieces);
    }
    return pieces;
  }

  #open(pieces: Piece[]): void {
    this.#leftBytes = this.#header.readUIntLE(0, 3);
    this.#sequence = this.#header.readUInt8(3);
    this.#goesOn = this.#leftBytes === MAX_PACKET_BYTES;
    this.#header = Buffer.alloc(0);
    if (this.#leftBytes === 0) pieces.push(this.#piece(Buffer.alloc(0)));
  }

  #piece(bytes: Buffer): Piece {
    const isFirst = !this.#isInMessage;
    const isLast = this.#leftBytes === 0 && !this.#goesOn;
    this.#isInMessage = !isLast;
    return { bytes, isFirst, isLast };
  }
}

/** A message that fits one packet: all that a client of the log sends. */
export function packetOf(sequence: number, content: Buffer): Buffer {
  if (content.length >= MAX_PACKET_BYTES) throw new TypeError(`a message of ${content.length} bytes`);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUIntLE(content.length, 0, 3);
  header.writeUInt8(sequence, 3);
  return Buffer.concat([header, content]);
}
