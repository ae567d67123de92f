import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import { systemCodeOf } from '../../core/errors.ts';
import { PROBE_HEADER } from '../../core/latency.ts';
import { request as httpRequest } from '../../core/node-http.ts';
import type { Counter } from './counts.ts';
import { requestHeaders, responseHeaders } from './headers.ts';
import { type RefusalName, refuse } from './refuse.ts';
import type { Upstream, Upstreams } from './upstreams.ts';

/** A slot that was killed is back in less; until then its requests wait, not one byte of them sent. */
const CONNECT_WAIT_MS = 3000;
const CONNECT_POLL_MS = 20;
/** The longest silence of a slot; past it the answer is 504 and the outcome is unknown to us. */
const ANSWER_TIMEOUT_MS = 30_000;
/**
 * The API's own limit is 16 KiB. This one keeps a client from streaming without end, and fits into a unix socket's
 * buffer (net.core.wmem_default, 208 KiB): a slot that answers without reading is heard before writing to it fails.
 */
const MAX_BODY_BYTES = 128 * 1024;

export interface ForwardKit {
  readonly upstreams: Upstreams;
  readonly counter: Counter;
  readonly clock: Clock;
}

/**
 * Passes one exchange through, both bodies as they come. Nothing is sent twice: only *connecting* is tried again,
 * while not one byte of the request has left. After that, a broken exchange is the client's to judge (502).
 */
export function forward(kit: ForwardKit, request: IncomingMessage, response: ServerResponse): void {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) {
    refuse(request, response, 'bodyTooLarge');
    return;
  }
  new Exchange(kit, request, response).attempt();
}

class Exchange {
  readonly #kit: ForwardKit;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #startedMs: number;
  #outgoing: ClientRequest | undefined;
  /** `blue.sock`, `green.sock`, or `none` while nothing is live. */
  #target: string = 'none';
  #waited: boolean = false;
  #sent: boolean = false;
  #timedOut: boolean = false;
  #broken: boolean = false;

  constructor(kit: ForwardKit, request: IncomingMessage, response: ServerResponse) {
    this.#kit = kit;
    this.#request = request;
    this.#response = response;
    this.#startedMs = kit.clock.monotonicMs();
    response.once('close', () => this.#ended());
  }

  attempt(): void {
    const upstream = this.#kit.upstreams.current();
    this.#target = upstream?.name ?? 'none';
    if (upstream === undefined) this.#later();
    else this.#connect(upstream);
  }

  #connect(upstream: Upstream): void {
    const outgoing = openRequest(upstream, this.#request);
    if (outgoing === undefined) this.#refuse('unreadable');
    else this.#listen(outgoing);
  }

  #listen(outgoing: ClientRequest): void {
    this.#outgoing = outgoing;
    outgoing.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', () => this.#send(outgoing));
      else this.#send(outgoing);
    });
    outgoing.once('response', (answer) => this.#relay(answer));
    outgoing.on('error', (error) => this.#failed(error));
  }

  #send(outgoing: ClientRequest): void {
    this.#sent = true;
    outgoing.setTimeout(ANSWER_TIMEOUT_MS, () => {
      this.#timedOut = true;
      outgoing.destroy();
    });
    if (hasBody(this.#request)) this.#sendBody(outgoing);
    else outgoing.end();
  }

  #sendBody(outgoing: ClientRequest): void {
    let sizeBytes = 0;
    this.#request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= MAX_BODY_BYTES) return;
      outgoing.destroy();
      if (!this.#response.headersSent) this.#refuse('bodyTooLarge');
    });
    this.#request.pipe(outgoing);
    // A slot that answers early (413) or dies reads no further. The rest is read and dropped, so that the client,
    // still sending, comes to read its answer.
    outgoing.once('close', () => {
      this.#request.unpipe(outgoing);
      this.#request.resume();
    });
  }

  #relay(answer: IncomingMessage): void {
    this.#response.writeHead(
      answer.statusCode ?? 502,
      answer.statusMessage,
      responseHeaders(answer.rawHeaders),
    );
    // Broken off in the middle: the client must see that, not a shorter answer.
    answer.once('error', () => {
      this.#broken = true;
      this.#response.destroy();
    });
    answer.pipe(this.#response);
  }

  #failed(error: unknown): void {
    if (this.#response.headersSent || this.#response.destroyed) return;
    if (!this.#sent && isRefused(error)) this.#later();
    else this.#refuse(this.#timedOut ? 'silent' : 'interrupted');
  }

  /** Nobody listens there now: a slot that restarts, or the moment after a switch. Looks again where the link points. */
  #later(): void {
    if (!this.#waited) this.#kit.counter.waited(this.#target);
    this.#waited = true;
    if (this.#elapsedMs() > CONNECT_WAIT_MS) this.#refuse('unavailable');
    else setTimeout(() => this.#again(), CONNECT_POLL_MS);
  }

  #again(): void {
    if (!this.#response.destroyed) this.attempt();
  }

  #refuse(name: RefusalName): void {
    this.#broken = name !== 'unreadable' && name !== 'bodyTooLarge';
    refuse(this.#request, this.#response, name);
  }

  /** The exchange is over, one way or another: counted once, and nothing is left running behind it. */
  #ended(): void {
    const { counter } = this.#kit;
    const took = { ms: this.#elapsedMs(), isProbe: this.#request.headers[PROBE_HEADER] !== undefined };
    if (this.#broken) counter.failed(this.#target, took);
    else if (this.#response.writableFinished) counter.answered(this.#target, this.#response.statusCode, took);
    else counter.aborted(this.#target);
    if (!this.#response.writableFinished) this.#outgoing?.destroy();
  }

  #elapsedMs(): number {
    return this.#kit.clock.monotonicMs() - this.#startedMs;
  }
}

/** Undefined for what Node's client refuses to write, whatever its server let through. */
function openRequest(upstream: Upstream, request: IncomingMessage): ClientRequest | undefined {
  const client = {
    address: request.socket.remoteAddress ?? '127.0.0.1',
    host: request.headers.host ?? '',
    isChunked: request.headers['transfer-encoding'] !== undefined,
  };
  try {
    return httpRequest({
      socketPath: upstream.socketPath,
      agent: upstream.agent,
      method: request.method,
      path: request.url,
      headers: requestHeaders(request.rawHeaders, client),
      setDefaultHeaders: false,
    });
  } catch {
    return undefined;
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** The connection was not made: there was no socket, nobody behind it, or its queue was full. */
function isRefused(error: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED', 'EAGAIN'].includes(systemCodeOf(error) ?? '');
}
