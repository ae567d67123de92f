import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { messageOf } from '../../../core/errors.ts';
import type { MysqlAccess, TcpPlace } from '../access.ts';
import { unreadableAuthority } from '../session.ts';
import { readError, WireError } from './error.ts';
import { answerHead, loginAnswer, readGreeting, switchAnswer } from './handshake.ts';
import { PacketSplitter, type Piece, packetOf } from './packets.ts';

const COM_QUERY = 0x03;
const OK = 0x00;
const MORE_DATA = 0x01;
const SWITCH = 0xfe;
const ERROR = 0xff;
const FAST_LOGIN_WORKED = 3;
const FULL_LOGIN = 4;
/** A login takes three or four messages of the server. */
const MAX_LOGIN_MESSAGES = 8;

/**
 * A client's side of MySQL's protocol, as far as one that reads the binary log needs it: mysql2 cannot send the request
 * nor give an event in pieces. Every wait ends after `idleMs` without a byte. Throws WireError.
 */
export class WireConnection {
  #socket: Socket;
  readonly #splitter = new PacketSplitter();
  #pieces: Piece[] = [];
  /** The number of the last answer in the login: packets of both sides are counted together. */
  #sent = 0;
  #failure: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(access: MysqlAccess, idleMs: number): Promise<WireConnection> {
    const { place } = access;
    const socket =
      'socketPath' in place ? createConnection(place.socketPath) : createConnection(place.port, place.host);
    const connection = new WireConnection(socket);
    connection.#watch(socket, idleMs);
    try {
      await connection.#login(access, idleMs);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** A statement that gives no rows. */
  async run(sql: string): Promise<void> {
    await this.tellAndWait(COM_QUERY, Buffer.from(sql));
  }

  /** A command that is answered by OK. */
  async tellAndWait(code: number, content: Buffer): Promise<void> {
    this.command(code, content);
    const answer = await this.#message();
    if (answer.readUInt8(0) !== OK)
      throw new WireError(`command ${code} is answered by ${answer.readUInt8(0)}`);
  }

  /** Begins a new exchange: the number of packets starts again at 0. */
  command(code: number, content: Buffer): void {
    this.#socket.write(packetOf(0, Buffer.concat([Buffer.from([code]), content])));
  }

  /** A message that answers none, as the acknowledgement of a semi-synchronous replica. */
  tell(content: Buffer): void {
    this.#socket.write(packetOf(0, content));
  }

  /** What has come, at least one piece; with `maxBytes`, not much more than that even if more has come. */
  async pieces(maxBytes: number): Promise<readonly Piece[]> {
    while (this.#pieces.length === 0) await this.#receive();
    let gathered = this.#pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
    while (gathered < maxBytes) {
      const more = this.#read();
      if (more === undefined) break;
      gathered += more.length;
      this.#pieces.push(...this.#splitter.push(more));
    }
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  close(): void {
    this.#socket.destroy();
  }

  #watch(socket: Socket, idleMs: number): void {
    socket.setTimeout(idleMs, () => socket.destroy(new WireError(`nothing was heard for ${idleMs} ms`)));
    socket.on('error', (error) => {
      this.#failure ??= error instanceof WireError ? error : new WireError(messageOf(error));
    });
  }

  async #login(access: MysqlAccess, idleMs: number): Promise<void> {
    const { nonce, offersTls } = readGreeting(await this.#message());
    const { place, username, password } = access;
    const withTls = 'host' in place;
    if (withTls) {
      if (!offersTls) throw new WireError('the server offers no TLS');
      this.#answer(answerHead(true));
      await this.#secure(place, idleMs);
    }
    this.#answer(loginAnswer({ username, password, withTls }, nonce));
    for (let read = 0; read < MAX_LOGIN_MESSAGES; read += 1) {
      const message = await this.#message();
      const kind = message.readUInt8(0);
      if (kind === OK) return;
      if (kind === SWITCH) this.#answer(switchAnswer(password, message));
      else if (kind !== MORE_DATA) throw new WireError(`the login is answered by ${kind}`);
      // On a socket or by TLS nobody listens: the server asks for the password itself when it has not cached it.
      else if (message.readUInt8(1) === FULL_LOGIN) this.#answer(Buffer.from(`${password.reveal()}\0`));
      else if (message.readUInt8(1) !== FAST_LOGIN_WORKED) throw new WireError('the login is not understood');
    }
    throw new WireError('the login does not end');
  }

  async #secure(place: TcpPlace, idleMs: number): Promise<void> {
    const ca = await readFile(place.authorityPath, 'utf8').catch((cause: unknown) => {
      throw unreadableAuthority(place.authorityPath, cause);
    });
    const plain = this.#socket;
    plain.setTimeout(0);
    const secured = connectTls({
      socket: plain,
      ca,
      host: place.host,
      minVersion: 'TLSv1.2',
      ...named(place),
    });
    this.#socket = secured;
    this.#watch(secured, idleMs);
    try {
      await once(secured, 'secureConnect');
    } catch (error) {
      throw this.#failure ?? new WireError(messageOf(error));
    }
  }

  #answer(content: Buffer): void {
    this.#sent = Math.max(this.#splitter.sequence, this.#sent) + 1;
    this.#socket.write(packetOf(this.#sent, content));
  }

  /** One whole message; only for short ones. Throws what the server refuses. */
  async #message(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece === undefined) {
        await this.#receive();
        continue;
      }
      parts.push(piece.bytes);
      if (piece.isLast) break;
    }
    const message = Buffer.concat(parts);
    if (message.length === 0) throw new WireError('the server sent an empty message');
    if (message.readUInt8(0) === ERROR) throw readError(message);
    return message;
  }

  async #receive(): Promise<void> {
    let bytes = this.#read();
    while (bytes === undefined) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#socket.readableEnded || this.#socket.destroyed) throw new WireError('the server hung up');
      await readableOrOver(this.#socket);
      bytes = this.#read();
    }
    this.#pieces.push(...this.#splitter.push(bytes));
  }

  #read(): Buffer | undefined {
    const bytes: unknown = this.#socket.read();
    return Buffer.isBuffer(bytes) ? bytes : undefined;
  }
}

/** The certificate is checked for the host's name; for an address, by `host` alone. */
function named({ host }: TcpPlace): { servername?: string } {
  return /^[\d.]+$|:/.test(host) ? {} : { servername: host };
}

function readableOrOver(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const events = ['readable', 'end', 'close', 'error'] as const;
  const heard = (): void => {
    for (const event of events) socket.off(event, heard);
    resolve();
  };
  for (const event of events) socket.on(event, heard);
  return promise;
}
