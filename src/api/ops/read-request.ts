import { readFileSync } from 'node:fs';
import { parseArgs, parseEnv } from 'node:util';
import { loadApiSettings } from '../../config/load.ts';
import type { ApiSettings } from '../../config/settings.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';

export interface OpsRequest {
  readonly words: readonly string[];
  readonly settings: ApiSettings;
  /** Undefined: as whom it was started. */
  readonly user: string | undefined;
}

/**
 * `COMMAND … [--environment FILE] [--user NAME]`: the file is what systemd gives the API (0600), else the variables of this
 * process count. Throws `usage`, `configInvalid`.
 */
export function readRequest(args: readonly string[]): OpsRequest {
  const { words, environment, user } = parsed(args);
  const settings = environment === undefined ? loadApiSettings() : loadApiSettings(variablesIn(environment));
  return { words, settings, user };
}

function parsed(args: readonly string[]) {
  try {
    const options = { environment: { type: 'string' }, user: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { words: positionals, environment: values.environment, user: values.user };
  } catch (error) {
    throw new OmpayError('usage', messageOf(error).toLowerCase(), {
      hint: 'ops.mjs ping --environment /etc/ompay/environment',
      cause: error,
    });
  }
}

function variablesIn(path: string) {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new OmpayError('configInvalid', `cannot read the environment: ${messageOf(error)}`, {
      hint: 'as root, on a host that `ompay provision` made ready for the API',
      cause: error,
    });
  }
}
