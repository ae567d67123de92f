import { mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createServer, type RequestListener, request, type Server } from 'node:http';
import { type AddressInfo, connect, type Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/core/clock.ts';
import type { Slot } from '../../../src/core/layout.ts';
import { createFront, type Front } from '../../../src/front/proxy/server.ts';

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** A front of this process on a free port, before slots on real unix sockets. */
export interface Stage extends AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly front: Front;
  /** Serves a slot; what listened there before goes on with what it has accepted. */
  slot(name: Slot, listener: RequestListener): Promise<Server>;
  /** A slot that speaks raw bytes. */
  serve(name: Slot, server: NetServer): Promise<void>;
  pointTo(name: Slot): void;
  ask(options: {
    path?: string;
    method?: string;
    headers?: Record<string, string>;
    body?: string;
  }): Promise<Answer>;
  /** Sends raw bytes and resolves with everything that came until the connection closed. */
  askRaw(bytes: string): Promise<string>;
}

export async function openStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'ompay-front-'));
  const front = createFront(join(folder, 'current.sock'), systemClock);
  await new Promise<void>((resolve) => front.server.listen(0, '127.0.0.1', resolve));
  const { port } = portOf(front.server);
  const servers: NetServer[] = [];
  const stage: Stage = {
    folder,
    port,
    front,
    slot: async (name, listener) => {
      // As the API's: an idle connection that closes was closed by the front.
      const server = createServer({ keepAliveTimeout: 75_000 }, listener);
      await stage.serve(name, server);
      return server;
    },
    serve: async (name, server) => {
      const path = join(folder, `${name}.sock`);
      rmSync(path, { force: true });
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(path, resolve));
    },
    pointTo: (name) => {
      const next = join(folder, 'next');
      symlinkSync(`${name}.sock`, next);
      renameSync(next, join(folder, 'current.sock'));
    },
    ask: (options) => ask(port, options),
    askRaw: (bytes) => askRaw(port, bytes),
    [Symbol.asyncDispose]: async () => {
      front.server.closeAllConnections();
      for (const server of servers) {
        if ('closeAllConnections' in server && server instanceof Object) closeConnections(server);
        server.close();
      }
      await front.drain();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return stage;
}

function closeConnections(server: NetServer | Server): void {
  if ('closeAllConnections' in server) server.closeAllConnections();
}

function portOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return address;
}

function ask(
  port: number,
  { path = '/', method = 'GET', headers = {}, body }: Parameters<Stage['ask']>[0],
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, path, method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
      );
      answer.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function askRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      received += chunk;
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}

/** Reads a request's whole body. */
export async function bodyOf(incoming: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of incoming) text += String(chunk);
  return text;
}
