import { BACKUP_KEYS } from './copies-schema.ts';
import {
  addressesKey,
  applicationKey,
  applicationKeysKey,
  choiceKey,
  dsnKey,
  ENVIRONMENTS,
  flagKey,
  integerKey,
  type Key,
  mailAddressesKey,
  mailAddressKey,
  pathKey,
  secretKey,
  secretUrlKey,
  textKey,
  urlKey,
} from './key.ts';

const ON_SERVERS = ['staging', 'production'] as const;
const PORTS = { min: 1, max: 65_535 };
const DRIVERS = ['database', 'redis'] as const;

/** Every variable that the API reads, in the order of docs/config.md: the only list of them. */
export const ENVIRONMENT_KEYS = {
  appEnv: choiceKey('APP_ENV', ENVIRONMENTS, {
    fallback: 'local',
    doc: 'Where this runs; decides what is refused and how messages leave.',
  }),
  appDebug: flagKey('APP_DEBUG', {
    fallback: 'false',
    doc: 'Adds the cause of an unexpected error to its answer. Refused in production.',
  }),
  appUrl: urlKey('APP_URL', {
    fallback: 'http://127.0.0.1:8080',
    requiredIn: ON_SERVERS,
    doc: 'The public address, without a path. https in production.',
  }),
  appKey: applicationKey('APP_KEY', {
    requiredIn: ENVIRONMENTS,
    doc: 'The key that all others are derived from: one-time codes, outbox, probe accounts. Changed by `ompay api keys rotate` (docs/audit.md); changed by hand, it voids what they protect.',
  }),
  appNextKey: applicationKey('APP_NEXT_KEY', {
    doc: 'The key to come: opens what other processes seal with it already. `ompay api keys rotate` writes it.',
  }),
  appPreviousKeys: applicationKeysKey('APP_PREVIOUS_KEYS', {
    doc: 'Former keys, the newest first: open what was sealed with them, until `ompay api keys retire`.',
  }),
  appRelease: textKey('APP_RELEASE', {
    fallback: 'development',
    doc: 'The id of the running release, told by `/health`.',
  }),
  apiSocket: pathKey('API_SOCKET', {
    doc: 'The unix socket to listen on. With it, the last address of `X-Forwarded-For` is believed. Goes before `API_HOST`.',
  }),
  apiHost: textKey('API_HOST', {
    fallback: '127.0.0.1',
    doc: 'The address to listen on without `API_SOCKET`.',
  }),
  apiPort: integerKey('API_PORT', PORTS, {
    fallback: '8081',
    doc: 'The port to listen on without `API_SOCKET`.',
  }),
  dbConnection: choiceKey('DB_CONNECTION', ['pglite', 'mysql', 'mariadb', 'pgsql'], {
    fallback: 'pglite',
    doc: 'The database. `pglite` survives the death of processes, not of the machine, and is refused in production.',
  }),
  dbHost: textKey('DB_HOST', { fallback: '127.0.0.1', doc: 'Its address, unless `DB_SOCKET` is set.' }),
  dbPort: integerKey('DB_PORT', PORTS, {
    doc: 'Its port. Absent: 3306 for MySQL and MariaDB, 5432 for PostgreSQL.',
  }),
  dbSocket: pathKey('DB_SOCKET', {
    doc: 'Its unix socket; for PGlite and PostgreSQL the path that ends in `.s.PGSQL.5432`. Goes before `DB_HOST`.',
  }),
  dbDatabase: textKey('DB_DATABASE', {
    fallback: 'postgres',
    requiredIn: ON_SERVERS,
    doc: 'The name of the database.',
  }),
  dbUsername: textKey('DB_USERNAME', {
    fallback: 'postgres',
    requiredIn: ON_SERVERS,
    doc: 'The user to connect as.',
  }),
  dbPassword: secretKey('DB_PASSWORD', { requiredIn: ['production'], doc: 'The password of that user.' }),
  dbTls: flagKey('DB_TLS', {
    fallback: 'false',
    doc: 'Speaks TLS to the database and verifies who answers; `DB_HOST` must be a name then. Not used with `DB_SOCKET`.',
  }),
  dbTlsCa: pathKey('DB_TLS_CA', {
    doc: "The certificates (PEM) that may vouch for the database. Absent: Node's own list.",
  }),
  dbReadHost: textKey('DB_READ_HOST', {
    doc: 'A replica, by its address or the absolute path of its unix socket: histories are read there, and from the primary while it is away. Absent: all is read from the primary.',
  }),
  dbReadPort: integerKey('DB_READ_PORT', PORTS, { doc: 'Its port. Absent: `DB_PORT`.' }),
  dbPoolSize: integerKey(
    'DB_POOL_SIZE',
    { min: 2, max: 200 },
    {
      fallback: '10',
      unit: 'connections',
      doc: 'The most connections that one process opens.',
    },
  ),
  dbStatementTimeoutMs: integerKey(
    'DB_STATEMENT_TIMEOUT_MS',
    { min: 100, max: 60_000 },
    {
      fallback: '5000',
      unit: 'ms',
      doc: 'The longest that one statement may run.',
    },
  ),
  redisHost: textKey('REDIS_HOST', {
    doc: 'The address of Redis, or the absolute path of its unix socket. Redis is used where a driver below says so, and needs this or `REDIS_SENTINELS` then (docs/redis.md).',
  }),
  redisPort: integerKey('REDIS_PORT', PORTS, { fallback: '6379', doc: 'Its port.' }),
  redisUsername: textKey('REDIS_USERNAME', {
    doc: 'The user to connect as, where Redis has users of its own.',
  }),
  redisPassword: secretKey('REDIS_PASSWORD', {
    doc: 'Its password. Required in production once a driver below is `redis`.',
  }),
  redisSentinels: addressesKey('REDIS_SENTINELS', {
    doc: 'Sentinels that know where the primary is. Go before `REDIS_HOST`.',
  }),
  redisSentinelMaster: textKey('REDIS_SENTINEL_MASTER', {
    doc: 'The name that the sentinels watch the primary under. Required with `REDIS_SENTINELS`.',
  }),
  redisSentinelPassword: secretKey('REDIS_SENTINEL_PASSWORD', { doc: "The sentinels' own password." }),
  redisTls: flagKey('REDIS_TLS', {
    fallback: 'false',
    doc: 'Speaks TLS to Redis (and to the sentinels) and verifies who answers.',
  }),
  redisTlsCa: pathKey('REDIS_TLS_CA', {
    doc: "The certificates (PEM) that may vouch for Redis. Absent: Node's own list.",
  }),
  redisPrefix: textKey('REDIS_PREFIX', {
    fallback: 'ompay',
    doc: 'Begins every key in Redis; two installations on one Redis need two.',
  }),
  cacheDriver: choiceKey('CACHE_DRIVER', DRIVERS, {
    fallback: 'database',
    doc: 'Where rate limits are counted. With `redis` all processes count together, with `database` each counts alone.',
  }),
  sessionDriver: choiceKey('SESSION_DRIVER', DRIVERS, {
    fallback: 'database',
    doc: 'Where a session is looked up. The database stays the truth; `redis` keeps what was read for 2 s, for routes that only read.',
  }),
  queueConnection: choiceKey('QUEUE_CONNECTION', DRIVERS, {
    fallback: 'database',
    doc: 'How messages reach those who send them: read from the outbox, or handed to workers (`ompay api worker`) through Redis.',
  }),
  mailMailer: choiceKey('MAIL_MAILER', ['log', 'smtp'], {
    fallback: 'log',
    doc: 'How mail leaves: the message to the team. With `log` none is sent; `smtp` asks for the keys below.',
  }),
  mailHost: textKey('MAIL_HOST', { doc: 'The mail server. Required with `MAIL_MAILER=smtp`.' }),
  mailPort: integerKey('MAIL_PORT', PORTS, {
    fallback: '587',
    doc: 'Its port: 465 begins with TLS, any other must offer STARTTLS unless the server is this machine.',
  }),
  mailUsername: mailAddressKey('MAIL_USERNAME', {
    doc: 'The account to send as. Required with `MAIL_MAILER=smtp`.',
  }),
  mailPassword: secretKey('MAIL_PASSWORD', { doc: 'Its password. Required with `MAIL_MAILER=smtp`.' }),
  smsGatewayUrl: urlKey('SMS_GATEWAY_URL', {
    requiredIn: ON_SERVERS,
    doc: 'Where SMS are posted. Locally they stay in the outbox (`ompay api outbox`).',
  }),
  smsGatewayToken: secretKey('SMS_GATEWAY_TOKEN', {
    requiredIn: ON_SERVERS,
    doc: 'The bearer token for that gateway.',
  }),
  logChannel: choiceKey('LOG_CHANNEL', ['stderr', 'daily'], {
    fallback: 'stderr',
    doc: 'Where log lines go: standard error, or files by day (UTC) in `LOG_FOLDER`.',
  }),
  logFolder: pathKey('LOG_FOLDER', {
    doc: 'The folder of the daily files. Required with `LOG_CHANNEL=daily`.',
  }),
  logDays: integerKey(
    'LOG_DAYS',
    { min: 1, max: 3_650 },
    { fallback: '14', unit: 'days', doc: 'Of how many days the files are kept.' },
  ),
  logMaxMb: integerKey(
    'LOG_MAX_MB',
    { min: 16, max: 1_000_000 },
    {
      fallback: '2048',
      unit: 'MB',
      doc: 'The most that all these files hold together; the oldest go first.',
    },
  ),
  logLevel: choiceKey('LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    fallback: 'info',
    doc: 'The least severe lines that are written.',
  }),
  auditAnchorFolder: pathKey('AUDIT_ANCHOR_FOLDER', {
    doc: 'Where each process writes the heads of the ledger and of the audit trail each minute, outside the database (docs/audit.md). Absent: nowhere.',
  }),
  sentryDsn: dsnKey('SENTRY_DSN', {
    doc: 'Where errors that nobody foresaw are sent, without anything of who asked. Absent: nowhere.',
  }),
  drainAnnounceMs: integerKey(
    'DRAIN_ANNOUNCE_MS',
    { min: 0, max: 60_000 },
    {
      fallback: '0',
      unit: 'ms',
      doc: 'Told to stop, how long `/ready` says so before no new connection is taken: longer than the load balancer takes to see it.',
    },
  ),
  drainLimitMs: integerKey(
    'DRAIN_LIMIT_MS',
    { min: 100, max: 60_000 },
    {
      fallback: '10000',
      unit: 'ms',
      doc: 'How long what is in flight may then take to be answered. What stops the process must wait for both, and 2 s more.',
    },
  ),
} as const satisfies Readonly<Record<string, Key<unknown>>>;

/** Where the team is told of deploys. */
export const TEAM_KEYS = {
  teamWebhookUrl: secretUrlKey('TEAM_WEBHOOK_URL', {
    doc: 'Where deploys and rollbacks are told, as JSON by POST. Often holds a token, so it is never shown.',
  }),
  teamWebhookSecret: secretKey('TEAM_WEBHOOK_SECRET', {
    doc: 'Signs what is posted there (HMAC-SHA256 in `X-Ompay-Signature`), so that the receiver knows who wrote it.',
  }),
  teamMailTo: mailAddressesKey('TEAM_MAIL_TO', {
    doc: 'Who gets the same by mail, through the `MAIL_*` variables above.',
  }),
} as const satisfies Readonly<Record<string, Key<unknown>>>;

/**
 * What `ompay` itself reads from `.env`, and the API never: these are kept from its environment, and changing them
 * makes no new release.
 */
export const OPERATOR_KEYS = { ...TEAM_KEYS, ...BACKUP_KEYS } as const satisfies Readonly<
  Record<string, Key<unknown>>
>;
