import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { renderConfigDocument } from '../../src/config/document.ts';
import { loadApiSettings } from '../../src/config/load.ts';
import { OmpayError } from '../../src/core/errors.ts';

const APP_KEY = `base64:${Buffer.alloc(32, 7).toString('base64')}`;
const local = { APP_KEY, DB_SOCKET: '/run/ompay/.s.PGSQL.5432' };
const production = {
  APP_ENV: 'production',
  APP_KEY,
  APP_URL: 'https://api.ompay.sn/',
  DB_CONNECTION: 'mysql',
  DB_HOST: 'localhost',
  DB_DATABASE: 'ompay_prod',
  DB_USERNAME: 'ompay_user',
  DB_PASSWORD: 'strong_password',
  SMS_GATEWAY_URL: 'https://sms.example.sn/send',
  SMS_GATEWAY_TOKEN: 'gateway-token',
};

function refusal(variables: Record<string, string>): OmpayError {
  try {
    loadApiSettings(variables);
  } catch (error) {
    if (error instanceof OmpayError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('a local environment needs a key and the database socket only', () => {
  const settings = loadApiSettings(local);
  expect(settings).toMatchObject({
    environment: 'local',
    debug: false,
    listen: { kind: 'tcp', host: '127.0.0.1', port: 8081 },
    database: { connection: 'pglite', socketPath: local.DB_SOCKET, poolSize: 10 },
    sms: { driver: 'local' },
    log: { channel: 'stderr', folder: null, level: 'info' },
    sentryDsn: null,
    drain: { announceMs: 0, limitMs: 10_000 },
  });
});

test("the requirements' production environment is accepted", () => {
  const settings = loadApiSettings({
    ...production,
    APP_DEBUG: 'false',
    REDIS_HOST: '127.0.0.1',
    REDIS_PASSWORD: 'redis_password',
    MAIL_MAILER: 'smtp',
    MAIL_HOST: 'smtp.gmail.com',
    MAIL_PORT: '587',
    MAIL_USERNAME: 'notifications@ompay.sn',
    MAIL_PASSWORD: 'app_password',
    LOG_CHANNEL: 'daily',
    LOG_FOLDER: '/var/log/ompay',
    LOG_LEVEL: 'error',
    API_SOCKET: '/run/ompay/blue.sock',
    DB_PORT: '3306',
  });
  expect(settings).toMatchObject({
    url: 'https://api.ompay.sn',
    listen: { kind: 'socket', path: '/run/ompay/blue.sock' },
    database: { connection: 'mysql', host: 'localhost', port: 3306, username: 'ompay_user' },
    sms: { driver: 'http', gatewayUrl: 'https://sms.example.sn/send' },
    log: {
      channel: 'daily',
      folder: '/var/log/ompay',
      level: 'error',
      limits: { days: 14, totalBytes: 2_048_000_000 },
    },
  });
  expect(settings.database.password?.reveal()).toBe('strong_password');
});

test('Redis is used only where a driver asks for it', () => {
  expect(loadApiSettings({ ...local, REDIS_HOST: '127.0.0.1' }).redis).toBeNull();
  const { redis } = loadApiSettings({
    ...production,
    REDIS_HOST: 'redis.example.sn',
    REDIS_PASSWORD: 'redis_password',
    REDIS_USERNAME: 'ompay',
    REDIS_TLS: 'true',
    CACHE_DRIVER: 'redis',
    QUEUE_CONNECTION: 'redis',
  });
  expect(redis).toMatchObject({
    place: { kind: 'tcp', host: 'redis.example.sn', port: 6379 },
    username: 'ompay',
    tls: { caPath: null },
    prefix: 'ompay',
    uses: { cache: true, sessions: false, queue: true },
  });
  expect(redis?.password?.reveal()).toBe('redis_password');
});

test('Redis can be behind a unix socket or sentinels', () => {
  const onSocket = { ...local, REDIS_HOST: '/run/redis.sock', SESSION_DRIVER: 'redis' };
  expect(loadApiSettings(onSocket).redis).toMatchObject({
    place: { kind: 'socket', path: '/run/redis.sock' },
    tls: null,
  });
  const behindSentinels = {
    ...local,
    REDIS_SENTINELS: '10.0.0.1:26379, [::1]:26380',
    REDIS_SENTINEL_MASTER: 'ompay',
    CACHE_DRIVER: 'redis',
  };
  expect(loadApiSettings(behindSentinels).redis?.place).toEqual({
    kind: 'sentinel',
    sentinels: [
      { host: '10.0.0.1', port: 26_379 },
      { host: '[::1]', port: 26_380 },
    ],
    master: 'ompay',
  });
  const guarded = loadApiSettings({ ...behindSentinels, REDIS_SENTINEL_PASSWORD: 'watch' }).redis?.place;
  expect(guarded?.kind === 'sentinel' && guarded.sentinelPassword?.reveal()).toBe('watch');
});

test('a Redis driver asks for what it needs', () => {
  expect(refusal({ ...local, QUEUE_CONNECTION: 'redis' }).message).toContain(
    'REDIS_HOST is missing (a driver is redis)',
  );
  expect(refusal({ ...production, CACHE_DRIVER: 'redis', REDIS_HOST: 'r' }).message).toContain(
    'REDIS_PASSWORD is missing (a driver is redis, in production)',
  );
  expect(refusal({ ...local, REDIS_SENTINELS: 'a:1,b' }).message).toContain(
    'REDIS_SENTINELS is "a:1,b" (allowed: `host:port` with commas between)',
  );
  expect(refusal({ ...local, REDIS_SENTINELS: 'a:1,b:70000' }).message).toContain('REDIS_SENTINELS');
  expect(refusal({ ...local, REDIS_SENTINELS: 'a:1' }).message).toContain(
    'REDIS_SENTINEL_MASTER is missing (REDIS_SENTINELS is set)',
  );
});

test('one error names every missing and wrong variable with the value seen', () => {
  const error = refusal({
    APP_DEBUG: 'yes',
    APP_URL: 'api.ompay.sn',
    DB_PORT: '70000',
    API_PORT: 'http',
    API_SOCKET: 'blue.sock',
    MAIL_USERNAME: 'nobody',
  });
  expect(error.code).toBe('configInvalid');
  expect(error.exitCode).toBe(2);
  for (const part of [
    'APP_DEBUG is "yes" (allowed: `true` or `false`)',
    'APP_URL is "api.ompay.sn" (allowed: an http or https URL)',
    'APP_KEY is missing',
    'DB_PORT is "70000" (allowed: a whole number from 1 to 65535)',
    'API_PORT is "http"',
    'API_SOCKET is "blue.sock" (allowed: an absolute path)',
    'MAIL_USERNAME is "nobody"',
    'DB_SOCKET is missing (DB_CONNECTION is pglite)',
  ]) {
    expect(error.message).toContain(part);
  }
});

test('production refuses debug, http, PGlite and an absent password', () => {
  const { message } = refusal({
    ...production,
    APP_DEBUG: 'true',
    APP_URL: 'http://api.ompay.sn',
    DB_CONNECTION: 'pglite',
    DB_SOCKET: '/run/.s.PGSQL.5432',
    DB_PASSWORD: '',
  });
  expect(message).toContain('APP_DEBUG is "true"');
  expect(message).toContain('APP_URL is "http://api.ompay.sn" (allowed in production: an https URL)');
  expect(message).toContain('DB_CONNECTION is "pglite"');
  expect(message).toContain('DB_PASSWORD is missing');
});

test('an unknown environment is held to the rules of production', () => {
  const { message } = refusal({ ...local, APP_ENV: 'prod', APP_DEBUG: 'true' });
  expect(message).toContain('APP_ENV is "prod"');
  expect(message).toContain('APP_DEBUG is "true"');
});

test('smtp and daily ask for the keys that they use', () => {
  const { message } = refusal({ ...local, MAIL_MAILER: 'smtp', LOG_CHANNEL: 'daily' });
  for (const name of ['MAIL_HOST', 'MAIL_USERNAME', 'MAIL_PASSWORD', 'LOG_FOLDER']) {
    expect(message).toContain(`${name} is missing`);
  }
});

test('a wrong secret is named and never shown', () => {
  const { message } = refusal({ ...local, APP_KEY: 'base64:c2hvcnQ=' });
  expect(message).toContain('APP_KEY holds a value that is not shown');
  expect(message).not.toContain('c2hvcnQ=');
});

test('settings are frozen all the way down and print no secret', () => {
  const settings = loadApiSettings(production);
  for (const part of [settings, settings.listen, settings.database, settings.sms, settings.log]) {
    expect(Object.isFrozen(part)).toBe(true);
  }
  const printed = inspect(settings, { depth: 9 }) + JSON.stringify(settings);
  expect(printed).not.toContain('strong_password');
  expect(printed).not.toContain('gateway-token');
  expect(printed).not.toContain(APP_KEY.slice('base64:'.length));
});

test("docs/config.md is what the table says, and the process's own environment is read by default", async () => {
  await expect(renderConfigDocument()).toMatchFileSnapshot('../../docs/config.md');
  expect(() => loadApiSettings()).toThrow(OmpayError);
});

test("Sentry's address has a key, a host and a project, and is never shown", () => {
  const dsn = 'https://0123456789abcdef@o1.ingest.sentry.io/42';
  expect(loadApiSettings({ ...local, SENTRY_DSN: dsn }).sentryDsn?.reveal()).toBe(dsn);
  for (const allowed of ['http://key@127.0.0.1:9000/1', 'https://key@sentry.example.sn/errors/7']) {
    expect(loadApiSettings({ ...local, SENTRY_DSN: allowed }).sentryDsn?.reveal()).toBe(allowed);
  }
  const refused = [
    'a-word',
    'http://key@sentry.example.sn/1',
    'https://sentry.example.sn/1',
    // In two parts: the scan of secrets would take it for one.
    ['https://key', 'word@sentry.example.sn/1'].join(':'),
    'https://key@sentry.example.sn/',
    'https://key@sentry.example.sn/1?x=1',
  ];
  for (const SENTRY_DSN of refused) {
    const { message } = refusal({ ...local, SENTRY_DSN });
    expect(message).toContain('SENTRY_DSN holds a value that is not shown');
    expect(message).not.toContain(SENTRY_DSN);
  }
});

test('TLS to the database needs names, as certificates hold; on a socket it is not asked for', () => {
  const overTls = { ...production, DB_TLS: 'true', DB_TLS_CA: '/etc/ompay/ca.pem', DB_READ_HOST: 'replica' };
  expect(loadApiSettings(overTls).database).toMatchObject({
    tls: { caPath: '/etc/ompay/ca.pem' },
    replica: { host: 'replica' },
  });
  const message = refusal({ ...overTls, DB_HOST: '10.0.0.5', DB_READ_HOST: '::1' }).message;
  expect(message).toContain('DB_HOST is "10.0.0.5"');
  expect(message).toContain('DB_READ_HOST is "::1"');
  const onSocket = { ...production, DB_TLS: 'true', DB_HOST: '10.0.0.5', DB_SOCKET: '/run/db.sock' };
  expect(loadApiSettings(onSocket).database).toMatchObject({ socketPath: '/run/db.sock' });
});

test("a replica has the database's port unless it has its own, or a socket", () => {
  const replica = (change: Record<string, string>) =>
    loadApiSettings({ ...production, DB_PORT: '3307', ...change }).database.replica;
  expect(replica({})).toBeUndefined();
  expect(replica({ DB_READ_HOST: 'replica' })).toEqual({ host: 'replica', port: 3307 });
  expect(replica({ DB_READ_HOST: 'replica', DB_READ_PORT: '3308' })).toEqual({ host: 'replica', port: 3308 });
  expect(replica({ DB_READ_HOST: '/run/replica.sock' })).toEqual({ socketPath: '/run/replica.sock' });
});
