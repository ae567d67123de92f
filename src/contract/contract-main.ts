/** Process entry: `node contract.mjs --self SOCKET --other SOCKET`, with the API's environment. Prints one line of JSON. */
import { loadApiSettings } from '../config/load.ts';
import { systemClock } from '../core/clock.ts';
import { messageOf, OmpayError } from '../core/errors.ts';
import { requiredOptions } from '../core/options.ts';
import { runContract } from './suite.ts';

const KEPT_EXIT_CODE = 0;
const BROKEN_EXIT_CODE = 3;

try {
  const option = requiredOptions(['self', 'other'], process.argv.slice(2));
  const result = await runContract({
    settings: loadApiSettings(),
    selfSocket: option('self'),
    otherSocket: option('other'),
    clock: systemClock,
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exitCode = result.failure === '' ? KEPT_EXIT_CODE : BROKEN_EXIT_CODE;
} catch (error) {
  process.stderr.write(`ompay contract: ${messageOf(error)}\n`);
  process.exitCode = error instanceof OmpayError ? error.exitCode : 6;
}
