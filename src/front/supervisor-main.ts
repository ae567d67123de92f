/** Process entry: `node supervisor.mjs --services FILE --run FOLDER --lock FILE --log FILE`. Ends when told to, or by SIGTERM. */
import { join } from 'node:path';
import { isoTime, systemClock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { requiredOptions } from '../core/options.ts';
import { dropOwnership, takeOwnership } from '../core/ownership.ts';
import { listenOnSocket } from '../core/unix-socket.ts';
import { controlServer } from './supervisor/control.ts';
import { Supervisor } from './supervisor/supervisor.ts';

process.umask(0o077);
const option = requiredOptions(['services', 'run', 'lock', 'log'], process.argv.slice(2));
const run = option('run');
const pidFile = join(run, 'supervisor.pid');
const socket = join(run, 'supervisor.sock');

const other = takeOwnership(pidFile);
if (other !== undefined) {
  say(`process ${other.pid} supervises already`);
  process.exit(0);
}

const supervisor = new Supervisor(
  { services: option('services'), run, lock: option('lock'), log: option('log') },
  systemClock,
);
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void supervisor.shutdown().then(exit, fail));
// The terminal that started it may go: a supervisor stays.
process.on('SIGHUP', () => {});
try {
  supervisor.start();
  await listenOnSocket(controlServer(supervisor, exit), socket);
  say('supervising');
} catch (error) {
  fail(error);
}

function exit(): void {
  say('ended');
  dropOwnership(pidFile);
  process.exit(0);
}

function fail(error: unknown): void {
  say(`failed: ${messageOf(error)}`);
  dropOwnership(pidFile);
  process.exit(1);
}

function say(what: string): void {
  process.stderr.write(`${isoTime(systemClock.now())} supervisor ${what}\n`);
}
