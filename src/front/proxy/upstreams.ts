import { readlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Agent } from '../../core/node-http.ts';

/** Shorter than the API's keep-alive of 75 s, so that it is always this side that closes an idle connection. */
const IDLE_MS = 30_000;
/** More connections than users of the moment would only queue inside the slot. */
const MAX_CONNECTIONS = 128;
const LOOK_INTERVAL_MS = 25;

export interface Upstream {
  /** `blue.sock` or `green.sock`. */
  readonly name: string;
  readonly socketPath: string;
  readonly agent: Agent;
}

/** The slot that is live now, with its pool of kept-alive connections. */
export interface Upstreams {
  /** Reads the link anew (microseconds): undefined when nothing is live. */
  current(): Upstream | undefined;
  /** Open connections to the live slot, in use or kept. */
  connections(): number;
  close(): void;
}

/**
 * One pool a slot. When the link points elsewhere, the idle connections of the old pool are closed at once and those
 * in use as soon as they answered, with or without traffic: an old slot must drain quickly.
 */
export function openUpstreams(link: string): Upstreams {
  let upstream: Upstream | undefined;
  const current = (): Upstream | undefined => {
    const name = targetOf(link);
    if (upstream?.name === name) return upstream;
    if (upstream !== undefined) retire(upstream.agent);
    upstream = name === undefined ? undefined : open(link, name);
    return upstream;
  };
  const timer = setInterval(current, LOOK_INTERVAL_MS);
  timer.unref();
  return {
    current,
    connections: () => (upstream === undefined ? 0 : socketsOf(upstream.agent)),
    close: () => {
      clearInterval(timer);
      upstream?.agent.destroy();
    },
  };
}

/** Idle connections go now; one in use goes when its answer has come, since no place is left to keep it. */
function retire(agent: Agent): void {
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
}

function socketsOf({ sockets, freeSockets }: Agent): number {
  return [...Object.values(sockets), ...Object.values(freeSockets)].reduce(
    (sum, list) => sum + (list?.length ?? 0),
    0,
  );
}

function open(link: string, name: string): Upstream {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: MAX_CONNECTIONS,
    maxFreeSockets: MAX_CONNECTIONS,
    timeout: IDLE_MS,
    scheduling: 'lifo',
  });
  return { name, socketPath: join(dirname(link), name), agent };
}

function targetOf(link: string): string | undefined {
  try {
    return basename(readlinkSync(link));
  } catch {
    return undefined;
  }
}
