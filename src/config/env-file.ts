import { isDeepStrictEqual, parseEnv } from 'node:util';
import { OmpayError } from '../core/errors.ts';
import { Secret } from '../core/secret.ts';
import { OPERATOR_KEYS } from './schema.ts';
import type { EnvironmentConfig } from './yml/environment.ts';
import { SECRET_KEYS } from './yml/variables.ts';

export type Secrets = ReadonlyMap<string, Secret>;

/** How the team is told and where backups go: no server is given these. */
const OPERATORS_OWN: ReadonlySet<string> = new Set(Object.values(OPERATOR_KEYS).map(({ name }) => name));

/**
 * The environment file of a server: what ompay.yml says, then the secrets, but for the operator's own. A secret as a whole;
 * it is written 0600.
 * Throws `configInvalid`, naming the variable and never its value, for a value that systemd's `EnvironmentFile`, a
 * POSIX shell and Node would not all read alike.
 */
export function renderEnvironment(config: EnvironmentConfig, secrets: Secrets): Secret {
  const open = config.variables.flatMap(({ name, value }) =>
    OPERATORS_OWN.has(name) ? [] : [environmentLine(name, value)],
  );
  const closed = SECRET_KEYS.flatMap(({ name }) => {
    const secret = OPERATORS_OWN.has(name) ? undefined : secrets.get(name);
    return secret === undefined ? [] : [environmentLine(name, secret.reveal())];
  });
  const lines = [
    `# ${config.name}: written by ompay from ompay.yml and its secrets; edit those.`,
    ...open,
    ...closed,
  ];
  return new Secret(`${lines.join('\n')}\n`);
}

/** What the API would find in its environment. */
export function environmentVariables(config: EnvironmentConfig, secrets: Secrets): Record<string, string> {
  return {
    ...Object.fromEntries(config.variables.map(({ name, value }) => [name, value])),
    ...Object.fromEntries([...secrets].map(([name, secret]) => [name, secret.reveal()])),
  };
}

const BARE = /^[A-Za-z0-9_:/.,@%+=-]*$/;
/** Between double quotes, these would mean something to a shell or to systemd. */
const MEANS_SOMETHING = /["$`]/;

/**
 * systemd.exec(5) `EnvironmentFile=`, POSIX 2.2, and Node's parseEnv. A backslash is refused: systemd before 240 takes it
 * for an escape also between single quotes. Control characters are refused by systemd itself.
 */
export function environmentLine(name: string, value: string): string {
  const isOneLine = !/[\p{Cc}\\]/u.test(value) && value.isWellFormed();
  const spellings = [
    ...(BARE.test(value) ? [`${name}=${value}`] : []),
    ...(value.includes("'") ? [] : [`${name}='${value}'`]),
    ...(MEANS_SOMETHING.test(value) ? [] : [`${name}="${value}"`]),
  ];
  const line = spellings.find((each) => isDeepStrictEqual({ ...parseEnv(each) }, { [name]: value }));
  if (isOneLine && line !== undefined) return line;
  throw new OmpayError('configInvalid', `the value of ${name} cannot be written to an environment file`, {
    hint: `give ${name} a value of one line without a backslash, and without both ' and one of " $ \``,
  });
}
