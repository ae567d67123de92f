import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { systemCodeOf } from '../../core/errors.ts';
import type { Counter } from './counts.ts';
import { requestHeaders, responseHeaders } from './headers.ts';
import { refuse } from './refuse.ts';
import type { Upstream, Upstreams } from './upstreams.ts';

/** A slot that was killed is back in less; until then its requests wait, not one byte of them sent. */
const CONNECT_WAIT_MS = 3000;
const CONNECT_POLL_MS = 20;
/** The longest an API request may take; past it the answer is 504 and its outcome is unknown to us. */
const ANSWER_TIMEOUT_MS = 30_000;

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
  const startedMs = kit.clock.monotonicMs();
  const elapsedMs = (): number => kit.clock.monotonicMs() - startedMs;
  let waited = false;
  attempt();

  function attempt(): void {
    const upstream = kit.upstreams.current();
    if (upstream === undefined) {
      later('none');
      return;
    }
    const outgoing = openRequest(upstream, request);
    const onAbort = (): void => {
      if (response.writableFinished) return;
      kit.counter.aborted(upstream.name);
      outgoing.destroy();
    };
    let sent = false;
    response.once('close', onAbort);
    outgoing.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', send);
      else send();
    });
    outgoing.once('response', (answer) => relay(upstream, answer));
    outgoing.once('error', (error) => {
      response.removeListener('close', onAbort);
      if (response.destroyed) return;
      if (!sent && isRefused(error)) return later(upstream.name);
      kit.counter.failed(upstream.name, elapsedMs());
      if (response.headersSent) response.destroy();
      else refuse(request, response, systemCodeOf(error) === 'OMPAY_TIMEOUT' ? 504 : 502);
    });

    function send(): void {
      sent = true;
      outgoing.setTimeout(ANSWER_TIMEOUT_MS, () =>
        outgoing.destroy(Object.assign(new Error('no answer'), { code: 'OMPAY_TIMEOUT' })),
      );
      // A slot that answers early (413) stops reading; its answer still counts, so a broken upload is no error here.
      pipeline(request, outgoing, () => {});
    }
  }

  function relay(upstream: Upstream, answer: IncomingMessage): void {
    const statusCode = answer.statusCode ?? 502;
    response.writeHead(statusCode, answer.statusMessage, responseHeaders(answer.rawHeaders));
    pipeline(answer, response, (error) => {
      if (error === undefined || error === null) kit.counter.answered(upstream.name, statusCode, elapsedMs());
      else if (!answer.complete && !response.writableFinished && !response.destroyed)
        kit.counter.failed(upstream.name, elapsedMs());
    });
  }

  /** Nobody listens there now: a slot that restarts, or the moment after a switch. Looks again where the link points. */
  function later(name: string): void {
    if (!waited) kit.counter.waited(name);
    waited = true;
    if (elapsedMs() > CONNECT_WAIT_MS) {
      kit.counter.failed(name, elapsedMs());
      refuse(request, response, 503);
      return;
    }
    setTimeout(() => {
      if (!response.destroyed) attempt();
    }, CONNECT_POLL_MS);
  }
}

function openRequest(upstream: Upstream, request: IncomingMessage): ClientRequest {
  const client = { address: request.socket.remoteAddress ?? '127.0.0.1', host: request.headers.host ?? '' };
  return httpRequest({
    socketPath: upstream.socketPath,
    agent: upstream.agent,
    method: request.method,
    path: request.url,
    headers: requestHeaders(request.rawHeaders, client),
    setDefaultHeaders: false,
  });
}

/** The connection was not made: there was no socket, nobody behind it, or its queue was full. */
function isRefused(error: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED', 'EAGAIN'].includes(systemCodeOf(error) ?? '');
}
