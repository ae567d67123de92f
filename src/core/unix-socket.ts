import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { OmpayError, systemCodeOf } from './errors.ts';

const PROBE_TIMEOUT_MS = 2000;

/**
 * Listens on a unix socket that only this user can open (0600). A file left by a dead process is removed, but only
 * once a connection to it was refused, which proves that nobody listens. Throws OmpayError `stateUnusable` otherwise.
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  await removeStaleSocket(path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  chmodSync(path, 0o600);
}

async function removeStaleSocket(path: string): Promise<void> {
  const code = await connectCode(path);
  if (code === 'ENOENT') return;
  // A plain file refuses connections too, and may be somebody's.
  if (code === 'ECONNREFUSED' && lstatSync(path).isSocket()) return rmSync(path, { force: true });
  const seen = code === undefined ? 'a process answers there' : `connecting gives ${code}`;
  throw new OmpayError('stateUnusable', `the socket ${path} is in use: ${seen}`, {
    hint: 'see which process runs: ompay status',
  });
}

/** Undefined when a connection is accepted, else the system's code of the failure. */
function connectCode(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.setTimeout(PROBE_TIMEOUT_MS, () => finish('ETIMEDOUT'));
    socket.once('connect', () => finish(undefined));
    socket.once('error', (error) => finish(systemCodeOf(error) ?? 'an unknown error'));
    function finish(code: string | undefined): void {
      socket.destroy();
      resolve(code);
    }
  });
}
