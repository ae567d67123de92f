/** What executes protocol messages, one call at a time: PGlite, which has a single PostgreSQL backend. */
export interface Engine {
  /** Executes whole messages; `onBytes` sees the answer, in memory that is valid only during the call. */
  execute(messages: Uint8Array, onBytes: (bytes: Uint8Array) => void): Promise<void>;
  isInTransaction(): boolean;
}

/** A connection, as the backend sees it. Compared by identity. */
export interface BackendClient {
  /** Its transaction stood open without a statement for too long and was rolled back. */
  onIdleInTransaction(): void;
}

/** Messages that belong together: up to and with a Query, Sync or Flush. */
export interface Unit {
  readonly messages: Uint8Array;
  /** False after a Flush: the client goes on with this series of messages, nobody may come in between. */
  readonly completes: boolean;
}

interface Work {
  readonly client: BackendClient;
  readonly unit: Unit;
  readonly resolve: (answer: Buffer) => void;
  readonly reject: (error: unknown) => void;
}

/** The client left before its messages were executed. */
export class ClientLeft extends Error {
  override readonly name = 'ClientLeft';
}

/** Sync (an unfinished series of messages ends), then ROLLBACK (only a warning outside a transaction). */
const ABANDON: Uint8Array = Buffer.concat([Buffer.from('S\0\0\0\x04'), queryMessage('ROLLBACK')]);

/**
 * Shares one backend among connections. Whole units are executed in the order of their arrival, so that the messages
 * of two clients never mix; while a client has a transaction open, only its units are. Bounded in time: a holder that
 * sends nothing for `idleInTransactionMs` loses its transaction, as it stops everyone.
 */
export class Backend {
  readonly #engine: Engine;
  readonly #idleInTransactionMs: number;
  #queue: Work[] = [];
  #holder: BackendClient | undefined;
  #draining: boolean = false;
  #drained: Promise<void> = Promise.resolve();
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(engine: Engine, idleInTransactionMs: number) {
    this.#engine = engine;
    this.#idleInTransactionMs = idleInTransactionMs;
  }

  /** Resolves with the whole answer. Rejects with ClientLeft, or with the engine's own failure. */
  submit(client: BackendClient, unit: Unit): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ client, unit, resolve, reject });
      this.#start();
    });
  }

  /** Forgets what the client still has queued and rolls back what it left open. */
  async leave(client: BackendClient): Promise<void> {
    const left = this.#queue.filter((work) => work.client === client);
    this.#queue = this.#queue.filter((work) => work.client !== client);
    for (const work of left) work.reject(new ClientLeft());
    await this.#drained;
    if (this.#holder === client) await this.submit(client, { messages: ABANDON, completes: true });
  }

  #start(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#drained = this.#drain();
  }

  /** The end of the loop and the flag are one step: nothing can be queued in between and stay there. */
  async #drain(): Promise<void> {
    for (let work = this.#take(); work !== undefined; work = this.#take()) {
      try {
        work.resolve(await this.#execute(work));
      } catch (error) {
        work.reject(error);
      }
    }
    this.#draining = false;
  }

  #take(): Work | undefined {
    if (this.#holder === undefined) return this.#queue.shift();
    const index = this.#queue.findIndex((work) => work.client === this.#holder);
    return index === -1 ? undefined : this.#queue.splice(index, 1)[0];
  }

  /** With a holder only its own units are executed, so each execution ends the silence that the timer measures. */
  async #execute({ client, unit }: Work): Promise<Buffer> {
    clearTimeout(this.#idleTimer);
    const parts: Buffer[] = [];
    await this.#engine.execute(unit.messages, (bytes) => parts.push(Buffer.from(bytes)));
    this.#holder = this.#engine.isInTransaction() || !unit.completes ? client : undefined;
    if (this.#holder !== undefined) {
      this.#idleTimer = setTimeout(() => client.onIdleInTransaction(), this.#idleInTransactionMs);
    }
    return Buffer.concat(parts);
  }
}

/** A simple Query message. */
export function queryMessage(sql: string): Uint8Array {
  const message = Buffer.from(`Q\0\0\0\0${sql}\0`);
  message.writeUInt32BE(message.length - 1, 1);
  return new Uint8Array(message);
}
