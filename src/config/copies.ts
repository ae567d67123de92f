import { OmpayError } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import { BACKUP_KEYS as KEYS } from './copies-schema.ts';
import type { Key } from './key.ts';
import { type EnvironmentVariables, keyProblem, parsedOf } from './load.ts';

/** What backups are told: where else copies go, and what is kept. */
export interface BackupSettings {
  /** Beside this disk; empty where no variable asks for one. */
  readonly copies: readonly CopySettings[];
  readonly readBackWithinMs: number;
  /** Between two sendings of a received log into the copies. */
  readonly logSendEveryMs: number;
  readonly retention: RetentionSettings;
  readonly source: SourceSettings;
}

/** As whom a database of servers is copied, and by what. */
export interface SourceSettings {
  readonly username: string;
  readonly password: Secret | null;
  readonly mysqldPath: string;
  readonly mariadbBackupPath: string;
  readonly postgresqlPrograms: string;
  /** Null: on another machine. */
  readonly dataFolder: string | null;
  /** systemd's name of its server, where it is on this machine. */
  readonly unit: string;
}

export type CopySettings = DirectoryCopy | SftpCopy | S3Copy;

export interface DirectoryCopy {
  readonly kind: 'directory';
  readonly root: string;
  readonly offsite: boolean;
}

export interface SftpCopy {
  readonly kind: 'sftp';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly keyPath: string;
  readonly fingerprint: string | null;
  /** Null: the user's own. */
  readonly knownHostsPath: string | null;
  readonly root: string;
  readonly offsite: boolean;
}

export interface S3Copy {
  readonly kind: 's3';
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Empty or ending in `/`. */
  readonly prefix: string;
  readonly accessKeyId: Secret;
  readonly secretAccessKey: Secret;
  readonly pathStyle: boolean;
  readonly checksums: 'when_supported' | 'when_required';
  readonly partBytes: number;
  readonly lockDays: number | null;
  readonly offsite: boolean;
}

export interface RetentionSettings {
  readonly last: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
}

const DAY_MS = 86_400_000;
const MIB_BYTES = 1024 * 1024;
/** ssh-keygen -l shows it: SHA-256 in base64 without its last `=`. */
const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/;
const PREFIX = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;

/** Throws one `configInvalid` that names every wrong or missing variable, never a secret's value. */
export function loadBackupSettings(variables: EnvironmentVariables): BackupSettings {
  const problems = Object.values(KEYS).flatMap((key) => keyProblem(variables, key, 'local'));
  if (problems.length > 0) throw unusable(problems);
  const copies = [directoryCopy(variables), sftpCopy(variables), s3Copy(variables)];
  const missing = copies.filter((copy) => typeof copy === 'string');
  if (missing.length > 0) throw unusable(missing);
  return {
    copies: copies.filter((copy) => typeof copy === 'object'),
    logSendEveryMs: settingOf(variables, KEYS.backupLogSendSeconds) * 1000,
    readBackWithinMs: settingOf(variables, KEYS.backupReadBackDays) * DAY_MS,
    retention: {
      last: settingOf(variables, KEYS.backupKeepLast),
      daily: settingOf(variables, KEYS.backupKeepDaily),
      weekly: settingOf(variables, KEYS.backupKeepWeekly),
      monthly: settingOf(variables, KEYS.backupKeepMonthly),
      yearly: settingOf(variables, KEYS.backupKeepYearly),
    },
    source: {
      username: settingOf(variables, KEYS.backupDbUsername),
      password: parsedOf(variables, KEYS.backupDbPassword) ?? null,
      mysqldPath: settingOf(variables, KEYS.backupMysqld),
      mariadbBackupPath: settingOf(variables, KEYS.backupMariadbBackup),
      postgresqlPrograms: settingOf(variables, KEYS.backupPostgresqlPrograms),
      dataFolder: parsedOf(variables, KEYS.backupDataFolder) ?? null,
      unit: settingOf(variables, KEYS.backupDbUnit),
    },
  };
}

function unusable(problems: readonly string[]): OmpayError {
  return new OmpayError('configInvalid', `backups have no usable settings: ${problems.join('; ')}`, {
    hint: 'see docs/copies.md for these variables, then correct them in .env, or for servers in ompay.yml',
  });
}

/** Of a variable with a default, once all were checked. */
function settingOf<T>(variables: EnvironmentVariables, key: Key<T>): T {
  const value = parsedOf(variables, key);
  if (value === undefined) throw new TypeError(`${key.name} was not checked`);
  return value;
}

function directoryCopy(variables: EnvironmentVariables): DirectoryCopy | undefined {
  const root = parsedOf(variables, KEYS.backupDirectory);
  if (root === undefined) return undefined;
  return { kind: 'directory', root, offsite: settingOf(variables, KEYS.backupDirectoryOffsite) };
}

/** A sentence where something is missing. */
function sftpCopy(variables: EnvironmentVariables): SftpCopy | string | undefined {
  const host = parsedOf(variables, KEYS.backupSftpHost);
  if (host === undefined) return undefined;
  const keyPath = parsedOf(variables, KEYS.backupSftpKey);
  const fingerprint = parsedOf(variables, KEYS.backupSftpFingerprint) ?? null;
  if (keyPath === undefined) return 'BACKUP_SFTP_KEY is missing (BACKUP_SFTP_HOST is set)';
  if (fingerprint !== null && !FINGERPRINT.test(fingerprint))
    return `BACKUP_SFTP_FINGERPRINT is ${JSON.stringify(fingerprint)} (allowed: \`SHA256:\` and 43 characters)`;
  return {
    kind: 'sftp',
    host,
    port: settingOf(variables, KEYS.backupSftpPort),
    user: settingOf(variables, KEYS.backupSftpUser),
    keyPath,
    fingerprint,
    knownHostsPath: parsedOf(variables, KEYS.backupSftpKnownHosts) ?? null,
    root: settingOf(variables, KEYS.backupSftpFolder),
    offsite: settingOf(variables, KEYS.backupSftpOffsite),
  };
}

function s3Copy(variables: EnvironmentVariables): S3Copy | string | undefined {
  const endpoint = parsedOf(variables, KEYS.backupS3Endpoint);
  if (endpoint === undefined) return undefined;
  const bucket = parsedOf(variables, KEYS.backupS3Bucket);
  const accessKeyId = parsedOf(variables, KEYS.backupS3AccessKeyId);
  const secretAccessKey = parsedOf(variables, KEYS.backupS3SecretAccessKey);
  const prefix = settingOf(variables, KEYS.backupS3Prefix).replace(/\/+$/, '');
  if (bucket === undefined || accessKeyId === undefined || secretAccessKey === undefined)
    return 'BACKUP_S3_ENDPOINT needs BACKUP_S3_BUCKET, BACKUP_S3_ACCESS_KEY_ID and BACKUP_S3_SECRET_ACCESS_KEY';
  if (!PREFIX.test(prefix))
    return `BACKUP_S3_PREFIX is ${JSON.stringify(prefix)} (allowed: letters, digits, . _ - with / between)`;
  return {
    kind: 's3',
    endpoint,
    region: settingOf(variables, KEYS.backupS3Region),
    bucket,
    prefix: `${prefix}/`,
    accessKeyId,
    secretAccessKey,
    pathStyle: settingOf(variables, KEYS.backupS3PathStyle),
    checksums: settingOf(variables, KEYS.backupS3Checksums),
    partBytes: settingOf(variables, KEYS.backupS3PartMb) * MIB_BYTES,
    lockDays: parsedOf(variables, KEYS.backupS3LockDays) ?? null,
    offsite: settingOf(variables, KEYS.backupS3Offsite),
  };
}
