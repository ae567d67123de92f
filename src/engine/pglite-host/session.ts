import type { Socket } from 'node:net';
import { type Backend, type BackendClient, ClientLeft } from './backend.ts';
import { type Frame, FrameError, FrameReader } from './frames.ts';
import { type FatalName, fatalReply, REFUSE_ENCRYPTION } from './replies.ts';

/** The protocol numbers that an untyped first message may carry (PostgreSQL protocol, "SSLRequest" and others). */
const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;

/** A client that sends faster than it is served is not read from until its units are executed. */
const PAUSE_ABOVE_BYTES = 1024 * 1024;

/** A client that does not close its end after the last word is cut off. */
const LAST_WORD_TIMEOUT_MS = 1000;

/** Sends the last word, then closes; what the client still sends is read and dropped, so that the word arrives. */
export function sayAndClose(socket: Socket, lastWord: Buffer): void {
  socket.end(lastWord);
  socket.resume();
  socket.setTimeout(LAST_WORD_TIMEOUT_MS, () => socket.destroy());
}

/** One client's connection: collects its messages to units and gives them to the backend one after the other. */
export class Session implements BackendClient {
  readonly #socket: Socket;
  readonly #backend: Backend;
  readonly #onFailure: (error: unknown) => void;
  readonly #frames = new FrameReader();
  #unit: Buffer[] = [];
  #started: boolean = false;
  #ended: boolean = false;
  #serving: boolean = false;

  /** @param onFailure told when the database itself failed (not a statement): the process must end. */
  constructor(socket: Socket, backend: Backend, onFailure: (error: unknown) => void) {
    this.#socket = socket;
    this.#backend = backend;
    this.#onFailure = onFailure;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    // A broken connection is followed by 'close', which is where it is dealt with.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#leave());
  }

  onIdleInTransaction(): void {
    this.end('idleInTransaction');
  }

  /** Says why and closes; what stands open is rolled back. */
  end(reason: FatalName): void {
    if (this.#ended) return;
    sayAndClose(this.#socket, fatalReply(reason));
    this.#leave();
  }

  #receive(chunk: Buffer): void {
    if (this.#ended) return;
    this.#frames.push(chunk);
    if (this.#frames.bufferedBytes > PAUSE_ABOVE_BYTES) this.#socket.pause();
    if (this.#serving) return;
    this.#serving = true;
    this.#serve()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#serving = false;
      });
  }

  async #serve(): Promise<void> {
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) {
      if (this.#started) await this.#handle(frame);
      else await this.#handleOpening(frame);
    }
    this.#socket.resume();
  }

  #next(): Frame | undefined {
    return this.#ended ? undefined : this.#frames.next(this.#started);
  }

  async #handleOpening(frame: Frame): Promise<void> {
    const protocol = frame.bytes.length < 8 ? 0 : frame.bytes.readUInt32BE(4);
    if (protocol === SSL_REQUEST || protocol === GSS_REQUEST) {
      this.#socket.write(REFUSE_ENCRYPTION);
    } else if (protocol === CANCEL_REQUEST) {
      // Nothing to cancel: while a statement runs, this process cannot even read the request.
      this.#socket.destroy();
    } else {
      this.#started = true;
      await this.#execute([frame.bytes], true);
    }
  }

  async #handle({ type, bytes }: Frame): Promise<void> {
    if (type === 'X') {
      this.#socket.end();
      return this.#leave();
    }
    this.#unit.push(bytes);
    if (type !== 'Q' && type !== 'S' && type !== 'F' && type !== 'H') return;
    const unit = this.#unit;
    this.#unit = [];
    await this.#execute(unit, type !== 'H');
  }

  async #execute(messages: readonly Buffer[], completes: boolean): Promise<void> {
    const bytes = new Uint8Array(Buffer.concat(messages));
    const answer = await this.#backend.submit(this, { messages: bytes, completes });
    if (!this.#ended && answer.length > 0) this.#socket.write(answer);
  }

  #leave(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#unit = [];
    this.#backend.leave(this).catch((error: unknown) => this.#onFailure(error));
  }

  #fail(error: unknown): void {
    if (error instanceof ClientLeft) return;
    if (error instanceof FrameError) this.end('protocolViolation');
    else this.#onFailure(error);
  }
}
