import { loadApiSettings } from '../config/load.ts';
import { systemClock } from '../core/clock.ts';
import { messageOf, OmpayError } from '../core/errors.ts';
import { runWorkerProcess, WORKER_CONCURRENCY } from './outbox/run-worker.ts';
import { runApi } from './run.ts';
import { UncaughtError } from './uncaught.ts';

/** By shells' custom: 128 and the signal's number, here SIGINT's. */
const INTERRUPTED = 130;
/** `api.mjs worker` delivers the messages of the outbox instead, until it is stopped in the same way. */
const WORKER = 'worker';

/**
 * The API's process: serves until SIGTERM or SIGINT, drains, and ends with 0. A second signal ends it at once. An error
 * that nobody caught makes it drain too, and end with 1, so that whoever keeps it running starts it again.
 */
const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
process.on('uncaughtException', stopAfter);

try {
  if (process.argv[2] !== WORKER) {
    await runApi(loadApiSettings(), systemClock, stopping.signal);
  } else {
    const worker = { settings: loadApiSettings(), clock: systemClock, concurrency: WORKER_CONCURRENCY };
    await runWorkerProcess(worker, stopping.signal);
  }
} catch (error) {
  const known = error instanceof OmpayError ? error : undefined;
  process.stderr.write(
    `ompay api: ${messageOf(error)}\n${known === undefined ? '' : `hint: ${known.hint}\n`}`,
  );
  // Not left to the event loop: what did not end would keep the process.
  process.exit(error instanceof UncaughtError ? 1 : (known?.exitCode ?? 6));
}

function stop(): void {
  if (stopping.signal.aborted) process.exit(INTERRUPTED);
  stopping.abort();
}

/** Of two such errors the first is told in the log; it is what went wrong. */
function stopAfter(error: Error, origin: NodeJS.UncaughtExceptionOrigin): void {
  if (stopping.signal.aborted) process.stderr.write(`ompay api: while it stops: ${messageOf(error)}\n`);
  else stopping.abort(new UncaughtError(origin, error));
}
