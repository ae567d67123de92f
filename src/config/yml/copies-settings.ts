import { BACKUP_KEYS as VARIABLES } from '../copies-schema.ts';
import { type Setting, variableSetting } from './setting.ts';

/** Where copies of an environment's backups go, and of which days more than the newest are kept (docs/copies.md). */
export const COPIES_SETTINGS = {
  retentionBackupDays: variableSetting('retention.backup_days', 'number', VARIABLES.backupKeepDaily),
  retentionBackupWeeks: variableSetting('retention.backup_weeks', 'number', VARIABLES.backupKeepWeekly),
  retentionBackupMonths: variableSetting('retention.backup_months', 'number', VARIABLES.backupKeepMonthly),
  retentionBackupYears: variableSetting('retention.backup_years', 'number', VARIABLES.backupKeepYearly),

  copiesLogSendSeconds: variableSetting('copies.log_send_seconds', 'number', VARIABLES.backupLogSendSeconds),
  copiesReadBackDays: variableSetting('copies.read_back_days', 'number', VARIABLES.backupReadBackDays),
  copiesDatabaseUser: variableSetting('copies.database_user', 'text', VARIABLES.backupDbUsername),
  copiesMysqld: variableSetting('copies.mysqld', 'text', VARIABLES.backupMysqld),
  copiesMariadbBackup: variableSetting('copies.mariadb_backup', 'text', VARIABLES.backupMariadbBackup),
  copiesPostgresqlPrograms: variableSetting(
    'copies.postgresql_programs',
    'text',
    VARIABLES.backupPostgresqlPrograms,
  ),
  copiesDataFolder: variableSetting('copies.data_folder', 'text', VARIABLES.backupDataFolder),
  copiesDatabaseUnit: variableSetting('copies.database_unit', 'text', VARIABLES.backupDbUnit),

  directoryPath: variableSetting('copies.directory.path', 'text', VARIABLES.backupDirectory),
  directoryOffsite: variableSetting('copies.directory.offsite', 'flag', VARIABLES.backupDirectoryOffsite),

  sftpHost: variableSetting('copies.sftp.host', 'text', VARIABLES.backupSftpHost),
  sftpPort: variableSetting('copies.sftp.port', 'number', VARIABLES.backupSftpPort),
  sftpUser: variableSetting('copies.sftp.user', 'text', VARIABLES.backupSftpUser),
  sftpKey: variableSetting('copies.sftp.key', 'text', VARIABLES.backupSftpKey),
  sftpFingerprint: variableSetting('copies.sftp.fingerprint', 'text', VARIABLES.backupSftpFingerprint),
  sftpKnownHosts: variableSetting('copies.sftp.known_hosts', 'text', VARIABLES.backupSftpKnownHosts),
  sftpFolder: variableSetting('copies.sftp.folder', 'text', VARIABLES.backupSftpFolder),
  sftpOffsite: variableSetting('copies.sftp.offsite', 'flag', VARIABLES.backupSftpOffsite),

  s3Endpoint: variableSetting('copies.s3.endpoint', 'text', VARIABLES.backupS3Endpoint),
  s3Region: variableSetting('copies.s3.region', 'text', VARIABLES.backupS3Region),
  s3Bucket: variableSetting('copies.s3.bucket', 'text', VARIABLES.backupS3Bucket),
  s3Prefix: variableSetting('copies.s3.prefix', 'text', VARIABLES.backupS3Prefix),
  s3PathStyle: variableSetting('copies.s3.path_style', 'flag', VARIABLES.backupS3PathStyle),
  s3Checksums: variableSetting('copies.s3.checksums', 'text', VARIABLES.backupS3Checksums),
  s3PartMb: variableSetting('copies.s3.part_mb', 'number', VARIABLES.backupS3PartMb),
  s3LockDays: variableSetting('copies.s3.lock_days', 'number', VARIABLES.backupS3LockDays),
  s3Offsite: variableSetting('copies.s3.offsite', 'flag', VARIABLES.backupS3Offsite),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;
