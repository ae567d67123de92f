import { ENVIRONMENT_KEYS as VARIABLES } from '../schema.ts';
import { COPIES_SETTINGS } from './copies-settings.ts';
import {
  choiceSetting,
  choicesSetting,
  flagSetting,
  formSetting,
  formsSetting,
  integerSetting,
  mailSetting,
  type Setting,
  textSetting,
  urlSetting,
  variableSetting,
} from './setting.ts';

export const ROLES = ['lb', 'web', 'db', 'redis', 'backup'] as const;
export type Role = (typeof ROLES)[number];

const PORTS = { min: 1, max: 65_535 };
const PATH = { allowed: 'an absolute path, or one that begins with `~/`', pattern: /^(?:~\/|\/)\S*$/ };
const ADDRESS = {
  allowed: 'an IP address or a host name',
  pattern:
    /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|[\da-fA-F:]*:[\da-fA-F:.]+)$/,
};
const USER = { allowed: 'a name of a-z, 0-9, _ and -', pattern: /^[a-z_][a-z0-9_-]{0,31}$/ };
const NETWORK = {
  allowed: 'an address with a prefix, as in `10.0.0.0/8` or `::/0`',
  pattern:
    /^(?:\d{1,3}(?:\.\d{1,3}){3}\/(?:[12]?\d|3[0-2])|[\da-fA-F:]*:[\da-fA-F:]*\/(?:\d{1,2}|1[01]\d|12[0-8]))$/,
};
/** ssh-keygen -l shows it: SHA-256 in base64 without its last `=`. */
const FINGERPRINT = { allowed: '`SHA256:` and 43 characters', pattern: /^SHA256:[A-Za-z0-9+/]{43}$/ };
/** age-encryption.org/v1: Bech32 of 32 bytes. */
const RECIPIENT = { allowed: '`age1` and 58 characters', pattern: /^age1[02-9ac-hj-np-z]{58}$/ };

/** Every key of an environment of ompay.yml, in the order of docs/ompay-yml.md: the only list of them. */
export const SETTINGS = {
  inherits: textSetting('inherits', {
    doc: 'Another environment whose values count where this one says nothing. All of them inherit `base`.',
  }),

  appEnvironment: choiceSetting('app.environment', ['staging', 'production'], {
    doc: 'What the API is told that it runs in; decides what is refused.',
  }),
  appUrl: variableSetting('app.url', 'text', VARIABLES.appUrl),
  appDebug: variableSetting('app.debug', 'flag', VARIABLES.appDebug),
  appLogLevel: variableSetting('app.log_level', 'text', VARIABLES.logLevel),

  knownHosts: formSetting('known_hosts', PATH, {
    fallback: '~/.ssh/known_hosts',
    doc: 'The file with the keys that hosts must show.',
  }),
  hostKeys: choiceSetting('host_keys', ['strict', 'accept-new'], {
    fallback: 'strict',
    doc: 'Whether a host that `known_hosts` does not know is refused or noted there. `accept-new` is refused in production.',
  }),
  hostAddress: formSetting('hosts.*.address', ADDRESS, {
    doc: 'Where the host answers. Required; no two hosts of an environment have the same with the same port.',
  }),
  hostPort: integerSetting('hosts.*.port', PORTS, { fallback: '22', doc: 'The port of its SSH server.' }),
  hostUser: formSetting('hosts.*.user', USER, { fallback: 'root', doc: 'Who to log in as.' }),
  hostKey: formSetting('hosts.*.key', PATH, { doc: "The private key's file. Absent: the SSH agent's keys." }),
  hostJump: textSetting('hosts.*.jump', {
    doc: 'Another host of the environment that the connection goes through.',
  }),
  hostFingerprint: formSetting('hosts.*.fingerprint', FINGERPRINT, {
    doc: 'The only key that the host may show (`ssh-keygen -lf`), whatever `known_hosts` says.',
  }),
  hostMemory: integerSetting(
    'hosts.*.memory_mb',
    { min: 512, max: 4_194_304 },
    {
      unit: 'MB',
      doc: 'What its database and Redis are sized for (docs/data-hosts.md). Absent: the memory that it has.',
    },
  ),
  hostRoles: choicesSetting('hosts.*.roles', ROLES, {
    doc: 'What it does: balances load, serves the API, holds the database, Redis, or backups. Required unless others only jump through it.',
  }),

  databaseConnection: choiceSetting('database.connection', ['mysql', 'mariadb', 'pgsql'], {
    doc: 'The kind of database. Required.',
  }),
  databaseHost: formSetting('database.host', ADDRESS, {
    doc: 'Its address. Absent: the first host with the role `db`, by its name and over TLS (docs/data-hosts.md).',
  }),
  databasePort: variableSetting('database.port', 'number', VARIABLES.dbPort),
  databaseSocket: variableSetting('database.socket', 'text', VARIABLES.dbSocket),
  databaseName: variableSetting('database.name', 'text', VARIABLES.dbDatabase),
  databaseUser: variableSetting('database.user', 'text', VARIABLES.dbUsername),
  databasePoolSize: variableSetting('database.pool_size', 'number', VARIABLES.dbPoolSize),

  redisUse: choicesSetting('redis.use', ['cache', 'sessions', 'queue'], {
    doc: 'What Redis is used for (docs/redis.md). Absent or empty: nothing.',
  }),
  redisHost: formSetting('redis.host', ADDRESS, {
    doc: 'Its address. Absent: the address of the first host with the role `redis`.',
  }),
  redisPort: variableSetting('redis.port', 'number', VARIABLES.redisPort),
  redisTls: variableSetting('redis.tls', 'flag', VARIABLES.redisTls),

  tlsEmail: mailSetting('tls.email', { doc: 'Who the certificate authority writes to.' }),
  tlsAcmeUrl: urlSetting('tls.acme_url', {
    fallback: 'https://acme-v02.api.letsencrypt.org/directory',
    doc: 'The ACME directory that certificates come from.',
  }),
  tlsAcmeCa: formSetting('tls.acme_ca', PATH, {
    doc: 'The certificates (PEM) that vouch for an ACME server that is not public. Absent: those that the host knows.',
  }),
  tlsRenewDays: integerSetting(
    'tls.renew_days_before',
    { min: 1, max: 60 },
    { fallback: '30', unit: 'days', doc: 'How long before its end a certificate is renewed.' },
  ),

  webRequestsPerSecond: integerSetting(
    'web.requests_per_second',
    { min: 10, max: 100_000 },
    {
      fallback: '200',
      unit: 'requests/s',
      doc: 'What a web host takes from one address before it answers 429; a tenth of it below `/api/auth/`. Many phones share an address.',
    },
  ),

  firewallSshFrom: formsSetting('firewall.ssh_from', NETWORK, {
    fallback: '0.0.0.0/0, ::/0',
    doc: 'Networks that may reach SSH.',
  }),
  firewallWebFrom: formsSetting('firewall.web_from', NETWORK, {
    fallback: '0.0.0.0/0, ::/0',
    doc: 'Networks that may reach ports 80 and 443.',
  }),
  firewallMonitoringFrom: formsSetting('firewall.monitoring_from', NETWORK, {
    doc: 'Networks that may ask the exporters for their numbers. Absent: none.',
  }),

  retentionReleases: integerSetting(
    'retention.releases',
    { min: 2, max: 100 },
    { fallback: '5', unit: 'releases', doc: 'The newest that are kept on a host.' },
  ),
  retentionBackups: integerSetting(
    'retention.backups',
    { min: 1, max: 1000 },
    { fallback: '30', unit: 'backups', doc: 'The newest that are kept.' },
  ),
  ...COPIES_SETTINGS,
  retentionLogDays: variableSetting('retention.log_days', 'number', VARIABLES.logDays),
  retentionLogMb: variableSetting('retention.log_max_mb', 'number', VARIABLES.logMaxMb),

  checksBakeSeconds: integerSetting(
    'checks.bake_seconds',
    { min: 1, max: 3600 },
    { fallback: '10', unit: 's', doc: 'How long users are watched after a switch.' },
  ),
  checksUnknownBlocks: flagSetting('checks.unknown_blocks', {
    doc: 'Whether a check that could not be looked at blocks. Absent: in production alone.',
  }),

  variables: textSetting('variables.*', {
    doc: 'Any other variable of docs/config.md by its name. Secrets, and what a key above sets, are refused.',
  }),
  recipients: formSetting('recipients.*', RECIPIENT, {
    doc: 'Who can open the secrets: a name, and the public half of an age key (docs/secrets.md).',
  }),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

export const ALL_SETTINGS: readonly Setting<unknown>[] = Object.values(SETTINGS);
