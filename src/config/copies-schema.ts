import { choiceKey, flagKey, integerKey, type Key, pathKey, secretKey, textKey, urlKey } from './key.ts';

const PORTS = { min: 1, max: 65_535 };
const KEPT = { min: 0, max: 1000 };

/** Where copies of backups go beside this disk, and how many are kept (docs/copies.md). */
export const BACKUP_KEYS = {
  backupDirectory: pathKey('BACKUP_DIRECTORY', {
    doc: 'A folder on another disk for a copy of each backup. Absent: none there.',
  }),
  backupDirectoryOffsite: flagKey('BACKUP_DIRECTORY_OFFSITE', {
    fallback: 'false',
    doc: 'Whether that disk is in another building (a mounted share).',
  }),
  backupSftpHost: textKey('BACKUP_SFTP_HOST', {
    doc: 'A host for a copy of each backup, over SFTP. Absent: none there.',
  }),
  backupSftpPort: integerKey('BACKUP_SFTP_PORT', PORTS, {
    fallback: '22',
    doc: 'The port of its SSH server.',
  }),
  backupSftpUser: textKey('BACKUP_SFTP_USER', { fallback: 'ompay-backup', doc: 'Who to log in as.' }),
  backupSftpKey: pathKey('BACKUP_SFTP_KEY', {
    doc: "The private key's file, without a passphrase, readable by its owner alone. Required with `BACKUP_SFTP_HOST`.",
  }),
  backupSftpFingerprint: textKey('BACKUP_SFTP_FINGERPRINT', {
    doc: 'The only key that the host may show (`ssh-keygen -lf`). Absent: one of `BACKUP_SFTP_KNOWN_HOSTS`.',
  }),
  backupSftpKnownHosts: pathKey('BACKUP_SFTP_KNOWN_HOSTS', {
    doc: 'The file with the keys that hosts must show. Absent: `~/.ssh/known_hosts`.',
  }),
  backupSftpFolder: pathKey('BACKUP_SFTP_FOLDER', {
    fallback: '/var/backups/ompay',
    doc: 'The folder on it, of this installation alone; made when absent.',
  }),
  backupSftpOffsite: flagKey('BACKUP_SFTP_OFFSITE', {
    fallback: 'false',
    doc: 'Whether that host is in another building.',
  }),
  backupS3Endpoint: urlKey('BACKUP_S3_ENDPOINT', {
    doc: 'Where an S3 service answers, for a copy of each backup: of Amazon `https://s3.REGION.amazonaws.com`, or any compatible. Absent: none there.',
  }),
  backupS3Region: textKey('BACKUP_S3_REGION', { fallback: 'us-east-1', doc: 'Its region.' }),
  backupS3Bucket: textKey('BACKUP_S3_BUCKET', { doc: 'The bucket. Required with `BACKUP_S3_ENDPOINT`.' }),
  backupS3Prefix: textKey('BACKUP_S3_PREFIX', {
    fallback: 'ompay',
    doc: 'Before every key in the bucket, of this installation alone.',
  }),
  backupS3AccessKeyId: secretKey('BACKUP_S3_ACCESS_KEY_ID', {
    doc: 'The access key. Required with `BACKUP_S3_ENDPOINT`.',
  }),
  backupS3SecretAccessKey: secretKey('BACKUP_S3_SECRET_ACCESS_KEY', {
    doc: 'Its secret. Required with `BACKUP_S3_ENDPOINT`.',
  }),
  backupS3PathStyle: flagKey('BACKUP_S3_PATH_STYLE', {
    fallback: 'true',
    doc: "Whether the bucket stands in the path or in the host's name.",
  }),
  backupS3Checksums: choiceKey('BACKUP_S3_CHECKSUMS', ['when_supported', 'when_required'], {
    fallback: 'when_supported',
    doc: 'Some services refuse the CRC32 that is sent with each object unless `when_required` is told. SHA-256 is read back in either case.',
  }),
  backupS3PartMb: integerKey(
    'BACKUP_S3_PART_MB',
    { min: 5, max: 512 },
    {
      fallback: '8',
      unit: 'MiB',
      doc: 'What is sent at once, and held in memory two times; an object has at most 10,000.',
    },
  ),
  backupS3LockDays: integerKey(
    'BACKUP_S3_LOCK_DAYS',
    { min: 1, max: 3650 },
    {
      unit: 'days',
      doc: 'How long each object is locked (Object Lock, compliance mode): nobody can delete it before. Absent: not locked by us.',
    },
  ),
  backupS3Offsite: flagKey('BACKUP_S3_OFFSITE', {
    fallback: 'true',
    doc: 'Whether the service is in another building.',
  }),
  backupDbUsername: textKey('BACKUP_DB_USERNAME', {
    fallback: 'ompay_backup',
    doc: "The database's account for backups, with the rights of docs/mysql-backup.md, docs/mariadb-backup.md or docs/postgres-backup.md.",
  }),
  backupDbPassword: secretKey('BACKUP_DB_PASSWORD', {
    doc: 'Its password. Required to copy a database of servers.',
  }),
  backupMysqld: pathKey('BACKUP_MYSQLD', {
    fallback: '/usr/sbin/mysqld',
    doc: "MySQL's or MariaDB's server on the machine that makes backups: of the database's own series.",
  }),
  backupMariadbBackup: pathKey('BACKUP_MARIADB_BACKUP', {
    fallback: '/usr/bin/mariadb-backup',
    doc: "MariaDB's own program for copies, of the database's own series.",
  }),
  backupPostgresqlPrograms: pathKey('BACKUP_POSTGRESQL_PROGRAMS', {
    fallback: '/usr/lib/postgresql/15/bin',
    doc: "The folder of PostgreSQL's programs (postgres, pg_basebackup), of the database's own series.",
  }),
  backupDataFolder: pathKey('BACKUP_DATA_FOLDER', {
    doc: "The database's data folder, when it is on the machine that makes backups. MariaDB is copied there alone; of PostgreSQL a stopped server is.",
  }),
  backupDbUnit: textKey('BACKUP_DB_UNIT', {
    fallback: 'mysql.service',
    doc: "systemd's name of the database's server, when it is on the machine that restores: `ompay restore --into host` stops and starts it.",
  }),
  backupLogSendSeconds: integerKey(
    'BACKUP_LOG_SEND_SECONDS',
    { min: 1, max: 3600 },
    {
      fallback: '10',
      unit: 'seconds',
      doc: "How often what was received of a MySQL's or MariaDB's log is sent into the copies: what is lost with the receiver's machine and the database's together. Small numbers make many small objects.",
    },
  ),
  backupReadBackDays: integerKey(
    'BACKUP_READ_BACK_DAYS',
    { min: 1, max: 365 },
    { fallback: '31', unit: 'days', doc: 'A copy that was not read back within them does not count as one.' },
  ),
  backupKeepLast: integerKey(
    'BACKUP_KEEP_LAST',
    { min: 1, max: 1000 },
    { fallback: '5', unit: 'backups', doc: 'The newest that are kept.' },
  ),
  backupKeepDaily: integerKey('BACKUP_KEEP_DAILY', KEPT, {
    fallback: '0',
    unit: 'days',
    doc: 'Of how many days (UTC) the newest is kept, too.',
  }),
  backupKeepWeekly: integerKey('BACKUP_KEEP_WEEKLY', KEPT, {
    fallback: '0',
    unit: 'weeks',
    doc: 'Of how many weeks (from Monday).',
  }),
  backupKeepMonthly: integerKey('BACKUP_KEEP_MONTHLY', KEPT, {
    fallback: '0',
    unit: 'months',
    doc: 'Of how many months.',
  }),
  backupKeepYearly: integerKey('BACKUP_KEEP_YEARLY', KEPT, {
    fallback: '0',
    unit: 'years',
    doc: 'Of how many years.',
  }),
} as const satisfies Readonly<Record<string, Key<unknown>>>;
