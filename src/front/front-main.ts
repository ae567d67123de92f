/** Process entry: `node front.mjs --host H --port N --upstream LINK --admin SOCKET --watch PIDFILE --revive JSON`. */
import type { Server } from 'node:http';
import { isoTime, systemClock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { requiredOptions } from '../core/options.ts';
import { listenOnSocket } from '../core/unix-socket.ts';
import { createAdmin, createFront } from './proxy/server.ts';
import { watchSupervisor } from './proxy/watch.ts';

const DRAIN_TIMEOUT_MS = 10_000;

process.umask(0o077);
try {
  const option = requiredOptions(
    ['host', 'port', 'upstream', 'admin', 'watch', 'revive'],
    process.argv.slice(2),
  );
  const front = createFront(option('upstream'), systemClock);
  const admin = createAdmin(front.counter);
  // The port first: who finds the admin socket answering knows that the port is ours.
  await listen(front.server, option('host'), Number(option('port')));
  await listenOnSocket(admin, option('admin'));
  say(`serving ${option('host')}:${option('port')}`);
  const [command = '', ...args] = wordsIn(option('revive'));
  const watch = watchSupervisor({ pidFile: option('watch'), command, args });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      clearInterval(watch);
      admin.close();
      setTimeout(() => process.exit(0), DRAIN_TIMEOUT_MS).unref();
      front.drain().then(() => process.exit(0), fail);
    });
  }
} catch (error) {
  fail(error);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 1024 }, resolve);
  });
}

/** How the supervisor is started, as a JSON list of words. */
function wordsIn(json: string): string[] {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) ? value.map(String) : [];
}

function fail(error: unknown): void {
  say(`failed: ${messageOf(error)}`);
  process.exit(1);
}

function say(what: string): void {
  process.stderr.write(`${isoTime(systemClock.now())} front ${what}\n`);
}
