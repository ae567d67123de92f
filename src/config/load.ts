import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { OmpayError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import type { Environment, Key } from './key.ts';
import { missingForRedis, redisSettings } from './redis.ts';
import { ENVIRONMENT_KEYS as KEYS } from './schema.ts';
import type { ApiSettings, DatabaseSettings, ListenSettings, SmsSettings } from './settings.ts';

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/**
 * The API's settings from its environment; this file and the program's entry are the only readers of `process.env`.
 * Throws one `configInvalid` that names every missing or wrong variable with the value seen, never a secret's.
 */
export function loadApiSettings(variables: EnvironmentVariables = process.env): ApiSettings {
  const problems = problemsOf(variables);
  if (problems.length > 0) {
    throw new OmpayError('configInvalid', `the environment is not usable: ${problems.join('; ')}`, {
      hint: 'see docs/config.md for every variable, then correct these and start again',
    });
  }
  return settingsOf(variables);
}

function problemsOf(variables: EnvironmentVariables): readonly string[] {
  const environment = parsedOf(variables, KEYS.appEnv) ?? 'production';
  const single = Object.values(KEYS).flatMap((key) => keyProblem(variables, key, environment));
  return [...single, ...combinationProblems(variables, environment)];
}

/** What is wrong with one variable, for people; nothing when it is right. */
export function keyProblem(
  variables: EnvironmentVariables,
  key: Key<unknown>,
  environment: Environment,
): readonly string[] {
  const text = textOf(variables, key);
  if (text === undefined) {
    return key.requiredIn.includes(environment) ? [`${key.name} is missing (allowed: ${key.allowed})`] : [];
  }
  if (key.parse(text) !== undefined) return [];
  const seen = key.secret ? 'holds a value that is not shown' : `is ${JSON.stringify(text)}`;
  return [`${key.name} ${seen} (allowed: ${key.allowed})`];
}

/** What two variables together may not be. */
function combinationProblems(variables: EnvironmentVariables, environment: Environment): readonly string[] {
  const value = <T>(key: Key<T>): T | undefined => parsedOf(variables, key);
  const missing = (key: Key<unknown>, because: string): Problem => ({
    found: textOf(variables, key) === undefined,
    message: `${key.name} is missing (${because})`,
  });
  const smtp = value(KEYS.mailMailer) === 'smtp' ? [KEYS.mailHost, KEYS.mailUsername, KEYS.mailPassword] : [];
  const daily = value(KEYS.logChannel) === 'daily' ? [KEYS.logFolder] : [];
  const embedded = value(KEYS.dbConnection) === 'pglite' ? [KEYS.dbSocket] : [];
  const inProduction: readonly Problem[] = [
    { found: value(KEYS.appDebug) === true, message: 'APP_DEBUG is "true" (allowed in production: `false`)' },
    {
      found: value(KEYS.appUrl)?.startsWith('http:') === true,
      message: `APP_URL is "${value(KEYS.appUrl)}" (allowed in production: an https URL)`,
    },
    {
      found: value(KEYS.dbConnection) === 'pglite',
      message: 'DB_CONNECTION is "pglite" (allowed in production: `mysql`, `mariadb`, `pgsql`)',
    },
  ];
  const overTls = value(KEYS.dbTls) === true && value(KEYS.dbSocket) === undefined;
  const unnamed: readonly Problem[] = [KEYS.dbHost, KEYS.dbReadHost].map((key) => ({
    found: overTls && isIP(value(key) ?? '') !== 0,
    message: `${key.name} is "${value(key)}" (DB_TLS is true: a name, as certificates hold)`,
  }));
  return [
    ...unnamed,
    ...smtp.map((key) => missing(key, 'MAIL_MAILER is smtp')),
    ...daily.map((key) => missing(key, 'LOG_CHANNEL is daily')),
    ...embedded.map((key) => missing(key, 'DB_CONNECTION is pglite')),
    ...missingForRedis(value, environment).map(({ key, because }) => missing(key, because)),
    ...(environment === 'production' ? inProduction : []),
  ].flatMap(({ found, message }) => (found ? [message] : []));
}

interface Problem {
  readonly found: boolean;
  readonly message: string;
}

function settingsOf(variables: EnvironmentVariables): ApiSettings {
  const required = <T>(key: Key<T>): T => {
    const value = parsedOf(variables, key);
    assert(value !== undefined, `${key.name} was not checked`);
    return value;
  };
  return Object.freeze({
    environment: required(KEYS.appEnv),
    debug: required(KEYS.appDebug),
    url: required(KEYS.appUrl),
    key: required(KEYS.appKey),
    otherKeys: Object.freeze(otherKeys(variables)),
    release: required(KEYS.appRelease),
    listen: Object.freeze(listenSettings(parsedOf(variables, KEYS.apiSocket), required)),
    database: Object.freeze(databaseSettings(variables, required)),
    redis: Object.freeze(redisSettings((key) => parsedOf(variables, key))),
    sms: Object.freeze(
      smsSettings(parsedOf(variables, KEYS.smsGatewayUrl), parsedOf(variables, KEYS.smsGatewayToken)),
    ),
    log: Object.freeze({
      channel: required(KEYS.logChannel),
      folder: parsedOf(variables, KEYS.logFolder) ?? null,
      limits: { days: required(KEYS.logDays), totalBytes: required(KEYS.logMaxMb) * 1_000_000 },
      level: required(KEYS.logLevel),
    }),
    sentryDsn: parsedOf(variables, KEYS.sentryDsn) ?? null,
    anchorFolder: parsedOf(variables, KEYS.auditAnchorFolder) ?? null,
    drain: Object.freeze({
      announceMs: required(KEYS.drainAnnounceMs),
      limitMs: required(KEYS.drainLimitMs),
    }),
  });
}

function otherKeys(variables: EnvironmentVariables): readonly Secret[] {
  const next = parsedOf(variables, KEYS.appNextKey);
  return [...(next === undefined ? [] : [next]), ...(parsedOf(variables, KEYS.appPreviousKeys) ?? [])];
}

type Required = <T>(key: Key<T>) => T;

function listenSettings(socketPath: string | undefined, required: Required): ListenSettings {
  if (socketPath !== undefined) return { kind: 'socket', path: socketPath };
  return { kind: 'tcp', host: required(KEYS.apiHost), port: required(KEYS.apiPort) };
}

function databaseSettings(variables: EnvironmentVariables, required: Required): DatabaseSettings {
  const socketPath = parsedOf(variables, KEYS.dbSocket);
  const port = parsedOf(variables, KEYS.dbPort);
  const password = parsedOf(variables, KEYS.dbPassword);
  const place = socketPath === undefined ? { host: required(KEYS.dbHost) } : { socketPath };
  return {
    connection: required(KEYS.dbConnection),
    ...place,
    ...(port === undefined ? {} : { port }),
    ...(required(KEYS.dbTls) ? { tls: { caPath: parsedOf(variables, KEYS.dbTlsCa) ?? null } } : {}),
    ...replicaSettings(variables),
    database: required(KEYS.dbDatabase),
    username: required(KEYS.dbUsername),
    ...(password === undefined ? {} : { password }),
    poolSize: required(KEYS.dbPoolSize),
    statementTimeoutMs: required(KEYS.dbStatementTimeoutMs),
  };
}

function replicaSettings(variables: EnvironmentVariables): Pick<DatabaseSettings, 'replica'> {
  const host = parsedOf(variables, KEYS.dbReadHost);
  if (host === undefined) return {};
  if (host.startsWith('/')) return { replica: { socketPath: host } };
  const port = parsedOf(variables, KEYS.dbReadPort) ?? parsedOf(variables, KEYS.dbPort);
  return { replica: port === undefined ? { host } : { host, port } };
}

function smsSettings(gatewayUrl: string | undefined, token: Secret | undefined): SmsSettings {
  if (gatewayUrl === undefined || token === undefined) return { driver: 'local' };
  return { driver: 'http', gatewayUrl, token };
}

/** The value, or undefined when the variable is absent or wrong. */
export function parsedOf<T>(variables: EnvironmentVariables, key: Key<T>): T | undefined {
  const text = textOf(variables, key);
  return text === undefined ? undefined : key.parse(text);
}

/** An empty variable counts as absent, as in Laravel's `.env` files. */
function textOf(variables: EnvironmentVariables, key: Key<unknown>): string | undefined {
  return variables[key.name] || (key.fallback ?? undefined);
}
