import { createServer, type Server, type Socket } from 'node:net';
import { listenOnSocket } from '../../core/unix-socket.ts';
import type { Backend } from './backend.ts';
import { fatalReply } from './replies.ts';
import { Session, sayAndClose } from './session.ts';

export interface PgServer {
  /** Stops listening and closes every connection, saying why. */
  close(): Promise<void>;
}

/**
 * Serves the PostgreSQL protocol on a unix socket (0600) to at most `maxConnections` clients. `onFailure` is told
 * when the database itself fails. Throws OmpayError `stateUnusable` when another process serves there.
 */
export async function servePg(options: {
  readonly backend: Backend;
  readonly socketPath: string;
  readonly maxConnections: number;
  readonly onFailure: (error: unknown) => void;
}): Promise<PgServer> {
  const sessions = new Set<Session>();
  const server = createServer((socket) => {
    if (sessions.size >= options.maxConnections) return refuse(socket);
    const session = new Session(socket, options.backend, options.onFailure);
    sessions.add(session);
    socket.once('close', () => sessions.delete(session));
  });
  await listenOnSocket(server, options.socketPath);
  return {
    close: async () => {
      for (const session of sessions) session.end('shuttingDown');
      await closed(server);
    },
  };
}

function refuse(socket: Socket): void {
  socket.on('error', () => undefined);
  sayAndClose(socket, fatalReply('tooManyConnections'));
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
