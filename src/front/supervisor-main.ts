/** Process entry: `node supervisor.mjs --services FILE --run FOLDER --lock FILE --fence FILE --live LINK --log FILE`. Ends when told to, or by SIGTERM. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { isoTime, systemClock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { requiredOptions } from '../core/options.ts';
import { dropOwnership, takeOwnership } from '../core/ownership.ts';
import { listenOnSocket } from '../core/unix-socket.ts';
import { controlServer } from './supervisor/control.ts';
import { ensureRunFolder } from './supervisor/run-folder.ts';
import { Supervisor } from './supervisor/supervisor.ts';

process.umask(0o077);
const option = requiredOptions(['services', 'run', 'lock', 'fence', 'live', 'log'], process.argv.slice(2));
const run = option('run');
const pidFile = join(run, 'supervisor.pid');

try {
  ensureRunFolder(run);
  const other = takeOwnership(pidFile);
  if (other === undefined) await supervise();
  else say(`process ${other.pid} supervises already`);
} catch (error) {
  fail(error);
}

async function supervise(): Promise<void> {
  const paths = {
    services: option('services'),
    run,
    lock: option('lock'),
    fence: option('fence'),
    live: option('live'),
    log: option('log'),
  };
  const supervisor = new Supervisor(paths, systemClock);
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void supervisor.shutdown().then(exit, fail));
  // The terminal that started it may go: a supervisor stays.
  process.on('SIGHUP', () => {});
  supervisor.start();
  await listenOnSocket(controlServer(supervisor, exit), join(run, 'supervisor.sock'));
  say('supervising');
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

/** Into its own log, whoever started it: the front, which revives a killed one, has another. */
function say(what: string): void {
  const line = `${isoTime(systemClock.now())} supervisor ${process.pid} ${what}\n`;
  try {
    appendFileSync(option('log'), line, { mode: 0o600 });
  } catch {
    process.stderr.write(line);
  }
}
