/** The server refused, or said what is not understood; or nobody answered. */
export class WireError extends Error {
  override readonly name = 'WireError';
  /** The server's own number (ER_…), 0 of what it did not say. */
  readonly number: number;

  constructor(message: string, number = 0) {
    super(message);
    this.number = number;
  }
}

/** 0xff, number 2, `#`, state 5, text. */
export function readError(message: Buffer): WireError {
  const number = message.readUInt16LE(1);
  const hasState = message.readUInt8(3) === 0x23;
  return new WireError(`error ${number}: ${message.toString('utf8', hasState ? 9 : 3)}`, number);
}
