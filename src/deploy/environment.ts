import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual, parseEnv } from 'node:util';
import { withoutOperatorKeys } from '../config/team.ts';
import { diskRefusal } from '../core/disk.ts';
import { OmpayError, systemCodeOf } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import type { Layout } from '../core/layout.ts';

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/**
 * The API's environment in the local installation: its defaults, then what `api.env` kept (the key above all), then
 * the checkout's `.env`, where a developer overrides. Pure but for reading; throws `configInvalid` for an unreadable file.
 */
export function localEnvironment(layout: Layout, port: number): Record<string, string> {
  const kept = readEnvironment(layout.environment);
  return {
    APP_ENV: 'local',
    APP_DEBUG: 'false',
    LOG_LEVEL: 'info',
    ...defined(withoutOperatorKeys(readEnvironment(join(layout.root, '.env')))),
    APP_KEY: kept.APP_KEY ?? `base64:${randomBytes(32).toString('base64')}`,
    ...defined({ APP_NEXT_KEY: kept.APP_NEXT_KEY, APP_PREVIOUS_KEYS: kept.APP_PREVIOUS_KEYS }),
    AUDIT_ANCHOR_FOLDER: layout.anchors,
    APP_URL: `http://127.0.0.1:${port}`,
    // The embedded database is part of this environment: what a `.env` says of another one is for servers.
    DB_CONNECTION: 'pglite',
    DB_SOCKET: layout.databaseSocket,
    DB_DATABASE: 'postgres',
    DB_USERNAME: 'postgres',
  };
}

/**
 * Keeps it for the slots and for later commands: 0600, since it holds the key. Throws `configInvalid`, naming the
 * variable and writing nothing, for a value that would be read back as another one.
 */
export function keepEnvironment(layout: Layout, environment: EnvironmentVariables): void {
  const variables = defined(environment);
  const text = Object.entries(variables)
    .map(([name, value]) => `${lineOf(name, value)}\n`)
    .join('');
  assert(
    isDeepStrictEqual({ ...parseEnv(text) }, variables),
    'lines that are right alone are right together',
  );
  try {
    writeFileAtomic(layout.environment, text, 0o600);
  } catch (error) {
    throw diskRefusal(error, layout.environment) ?? error;
  }
}

/** What `keepEnvironment` kept; empty before the first deploy. */
export function readEnvironment(path: string): EnvironmentVariables {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return {};
    throw new OmpayError('configInvalid', `cannot read ${path} (${systemCodeOf(error) ?? 'no code'})`, {
      hint: `make it readable for this user: chmod u+r '${path}'`,
      cause: error,
    });
  }
  refuseOddLines(path, text);
  return parseEnv(text);
}

/** parseEnv skips what it does not understand; a typing mistake must not pass silently. */
function refuseOddLines(path: string, text: string): void {
  const odd = text
    .split('\n')
    .findIndex((line) => !/^\s*(#.*|(export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=.*)?$/.test(line.trimEnd()));
  if (odd === -1) return;
  throw new OmpayError('configInvalid', `line ${odd + 1} of ${path} is not NAME=value`, {
    hint: 'write one NAME=value a line; docs/config.md lists the names',
  });
}

function defined(variables: EnvironmentVariables): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

const QUOTES = ["'", '"', '`'] as const;

/** In the first spelling that Node's parseEnv reads back: it knows no escapes but `\n` between double quotes. */
function lineOf(name: string, value: string): string {
  const bare = /^[A-Za-z0-9_:/.+=@-]*$/.test(value) ? [`${name}=${value}`] : [];
  const line = [...bare, ...QUOTES.map((quote) => `${name}=${quote}${value}${quote}`)].find(
    (each) => !/[\n\r\0]/.test(each) && isDeepStrictEqual({ ...parseEnv(each) }, { [name]: value }),
  );
  if (line !== undefined) return line;
  throw new OmpayError('configInvalid', `the value of ${name} cannot be kept: no kind of quotes fits it`, {
    hint: `give ${name} in .env a value of one line that lacks one of ' " \``,
  });
}
