import type { Server, ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import { createServer } from '../../core/node-http.ts';
import { type Counter, createCounter } from './counts.ts';
import { forward } from './forward.ts';
import { refuse } from './refuse.ts';
import { openUpstreams } from './upstreams.ts';

/** Longer than clients and load balancers usually keep theirs, so that a client rarely meets a closing connection. */
const KEEP_ALIVE_MS = 75_000;
const LIMITS = {
  keepAliveTimeout: KEEP_ALIVE_MS,
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5000,
  maxHeaderSize: 16 * 1024,
  insecureHTTPParser: false,
  keepAlive: true,
  noDelay: true,
} as const;
const MAX_CONNECTIONS = 10_000;
/** What waits for one of the slot's 128 connections; more than this would be answered too late to be of use. */
const MAX_EXCHANGES = 2048;

export interface Front {
  readonly server: Server;
  readonly counter: Counter;
  /** Stops listening and finishes what has begun; resolves when the last connection is closed. */
  drain(): Promise<void>;
}

/** The front door: HTTP/1.1 for clients, the live slot's unix socket behind. Strict parsing: no smuggled requests. */
export function createFront(link: string, clock: Clock): Front {
  const upstreams = openUpstreams(link);
  const counter = createCounter(clock, upstreams.connections);
  const kit = { counter, upstreams, clock };
  const open = new Set<ServerResponse>();
  let isDraining = false;
  const server = createServer(LIMITS, (request, response) => {
    open.add(response);
    response.shouldKeepAlive &&= !isDraining;
    response.once('close', () => {
      open.delete(response);
      if (isDraining) server.closeIdleConnections();
    });
    if (open.size <= MAX_EXCHANGES) return forward(kit, request, response);
    counter.failed('none', { ms: 0, isProbe: false });
    refuse(request, response, 'overloaded');
  });
  server.maxConnections = MAX_CONNECTIONS;
  // Neither tunnels nor protocol changes are offered.
  server.on('connect', (_request, socket) => socket.destroy());
  const drain = async (): Promise<void> => {
    isDraining = true;
    for (const response of open) response.shouldKeepAlive = false;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
    upstreams.close();
  };
  return { server, counter, drain };
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
