import { loadApiSettings } from '../config/load.ts';
import { systemClock } from '../core/clock.ts';
import { messageOf, OmpayError } from '../core/errors.ts';
import { runApi } from './run.ts';

/** The API's process: serves until SIGTERM or SIGINT, and then exits with 0 once it has drained. */
const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort());
process.on('SIGINT', () => stopping.abort());

try {
  await runApi(loadApiSettings(), systemClock, stopping.signal);
  process.exitCode = 0;
} catch (error) {
  const known = error instanceof OmpayError ? error : undefined;
  process.exitCode = known?.exitCode ?? 6;
  process.stderr.write(
    `ompay api: ${messageOf(error)}\n${known === undefined ? '' : `hint: ${known.hint}\n`}`,
  );
}
