import { createServer, type Server } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import { type Counter, createCounter } from './counts.ts';
import { forward } from './forward.ts';
import { openUpstreams, type Upstreams } from './upstreams.ts';

/** Longer than clients and load balancers usually keep theirs, so that a client rarely meets a closing connection. */
const KEEP_ALIVE_MS = 75_000;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 10_000;

export interface Front {
  readonly server: Server;
  readonly counter: Counter;
  readonly upstreams: Upstreams;
}

/** The front door: HTTP/1.1 for clients, the live slot's unix socket behind. Strict parsing: no smuggled requests. */
export function createFront(link: string, clock: Clock): Front {
  const counter = createCounter(clock.now());
  const upstreams = openUpstreams(link);
  const kit = { counter, upstreams, clock };
  const server = createServer(
    {
      keepAlive: true,
      noDelay: true,
      insecureHTTPParser: false,
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    (request, response) => forward(kit, request, response),
  );
  server.maxConnections = MAX_CONNECTIONS;
  // Neither tunnels nor protocol changes are offered.
  server.on('connect', (_request, socket) => socket.destroy());
  return { server, counter, upstreams };
}

/** The counts, for this user's own tools: GET /stats on a unix socket. */
export function createAdmin(counter: Counter): Server {
  return createServer((_request, response) => {
    const body = JSON.stringify(counter.counts());
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    });
    response.end(body);
  });
}
