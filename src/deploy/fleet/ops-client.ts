import { type ErrorName, EXIT_CODE_BY_ERROR, OmpayError } from '../../core/errors.ts';
import { type JsonReader, readJson } from '../../core/json.ts';
import { NODE_LINK, SERVER } from '../../core/server-layout.ts';
import type { Host } from '../../host/host.ts';
import { sh } from '../../shell/line.ts';

export interface OpsRequest {
  readonly release: string;
  /** `prove 1200` */
  readonly words: readonly string[];
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Names a change, so that it is made once; without it the command is one that may be repeated, and leaves no trace. */
  readonly operationId?: string;
}

/** Of `prove`: what it says is worth more than that it ended so. */
const UNSOUND = EXIT_CODE_BY_ERROR.checkBlocked;

/**
 * Asks the program for operators of a release on its host (src/api/ops-main.ts), which reads the host's settings as root and
 * then works as the API's user. Throws the error that it tells.
 */
export async function askOps(
  host: Host,
  { release, words, timeoutMs, signal, operationId }: OpsRequest,
): Promise<JsonReader> {
  const node = `./${NODE_LINK}`;
  const line = sh`cd ${`${SERVER.releases}/${release}`} && exec ${node} --disable-warning=ExperimentalWarning ops.mjs ${words} --environment ${SERVER.environment} --user ${SERVER.user}`;
  const how = operationId === undefined ? { readOnly: true } : { operationId };
  const result = await host.exec(line, { timeoutMs, ...how, ...(signal === undefined ? {} : { signal }) });
  const what = `ops ${words.slice(0, 2).join(' ')} on ${host.name}`;
  const [text = ''] = result.stdout.trim().split('\n').slice(-1);
  if (!text.startsWith('{')) throw silent(what, `${result.stderr} ${text}`);
  const said = readJson(Buffer.from(text), {
    what,
    code: 'commandFailed',
    hint: 'ompay deploy -e ENVIRONMENT',
  });
  if (said.has('error')) throw told(host, said.object('error'));
  if (result.exitCode === 0 || result.exitCode === UNSOUND) return said;
  throw silent(what, result.stderr);
}

function told({ name }: Host, error: JsonReader): OmpayError {
  const code = error.text('code');
  const known = isErrorName(code) ? code : 'commandFailed';
  return new OmpayError(known, `${name}: ${error.text('message')}`, { hint: error.text('hint') });
}

function silent(what: string, said: string): OmpayError {
  return new OmpayError('commandFailed', `${what} failed: ${said.trim().slice(-300)}`, {
    hint: 'run it by hand on the host; docs/releases.md has its words',
  });
}

export function isErrorName(code: string): code is ErrorName {
  return Object.hasOwn(EXIT_CODE_BY_ERROR, code);
}
