import type { Manifest } from '../store/repository/manifest.ts';
import { PAYLOAD_FILE } from '../store/repository/paths.ts';
import { contentGuide } from './content-guide.ts';

type Guided = Omit<Manifest, 'proofSha256' | 'guideSha256'>;

/** RESTORE.md of one backup: how to open it without ompay. Tests run the commands as they stand, but for MySQL's `log/`. */
export function restoreGuide(manifest: Guided): string {
  if (manifest.kind !== 'full') return contentGuide(manifest);
  const recipients = manifest.recipients
    .map(({ name, recipient }) => `- ${name}: \`${recipient}\``)
    .join('\n');
  return `# Restoring backup ${manifest.id}

The database \`${manifest.engine}-${manifest.serverUuid}\` of the site \`${manifest.site}\`, ${manifest.serverVersion},
copied ${manifest.method === 'online' ? 'while it served' : 'while it was stopped'}, from ${manifest.startedAt} to ${manifest.finishedAt}, consistent at ${manifest.to}.

It opens with stock tools (age, zstd, tar). KEY is the private key file of one of the recipients:

${recipients}

\`\`\`sh
echo '${manifest.cipher.sha256}  ${PAYLOAD_FILE}' | sha256sum -c
mkdir -m 700 FOLDER
age -d -i KEY ${PAYLOAD_FILE} | zstd -d | tar x -C FOLDER
\`\`\`

The tar inside has ${manifest.plain.sizeBytes} bytes, SHA-256 ${manifest.plain.sha256}.

FOLDER is then a data folder. Start ${manifest.serverVersion} on it, nothing older, without removing any file:
${recovery(manifest)}
${start(manifest)}
proof.json says what the copy answered when it was started for proof, before this backup was published.
`;
}

function recovery({ engine, method }: Guided): string {
  const isPostgresql = engine === 'pglite' || engine === 'postgres';
  if (isPostgresql && method === 'online')
    return '`backup_label` tells it to replay the log that is included, up to the moment of the backup.';
  if (method === 'online') return 'the log is replayed already, up to the moment of the backup.';
  return 'it replays the log that is included, as after any stop.';
}

/** To look at it first, on a socket alone. As another user than root: PostgreSQL refuses to be root. */
function start(manifest: Guided): string {
  const { engine, method } = manifest;
  if (engine === 'mysql') return mysqlStart(manifest);
  if (engine === 'postgres') return postgresStart(method);
  if (engine === 'mariadb') return MARIADB_START;
  return '';
}

function postgresStart(method: Guided['method']): string {
  return `
To look at it before it serves (FOLDER is an absolute path; PostgreSQL refuses to be root, so be the user who owns FOLDER):

\`\`\`sh
echo 'local all all trust' > FOLDER/restored_hba.conf
/usr/lib/postgresql/15/bin/pg_ctl start -w -t 3600 -D FOLDER -l FOLDER/restored.log -o "-c config_file=/dev/null -c hba_file=FOLDER/restored_hba.conf -c listen_addresses= -c unix_socket_directories=FOLDER -c archive_mode=off -c shared_preload_libraries= -c synchronous_standby_names="
psql -h FOLDER -U postgres -d postgres -c 'select pg_is_in_recovery(), now()'
/usr/lib/postgresql/15/bin/pg_ctl stop -w -D FOLDER -m fast
\`\`\`

${
  method === 'online'
    ? `\`pg_verifybackup --no-parse-wal --ignore=restored.log --ignore=restored_hba.conf FOLDER\`, before the first start, compares each file with
PostgreSQL's own \`backup_manifest\`. `
    : ''
}Configuration that lay outside the data folder (Debian: /etc/postgresql) is not in the backup. Then: chown -R postgres: FOLDER.
`;
}

const MARIADB_START = `
To look at it before it serves (FOLDER is an absolute path; \`backup-my.cnf\` says what the files need, and a copy of a stopped server has none):

\`\`\`sh
OPTIONS=FOLDER/backup-my.cnf; [ -e "$OPTIONS" ] || OPTIONS=/dev/null
mariadbd --defaults-file="$OPTIONS" --user="$(id -un)" --datadir=FOLDER --socket=FOLDER/restored.sock --pid-file=FOLDER/restored.pid --log-error=FOLDER/restored.log --skip-networking --skip-grant-tables --skip-slave-start &
timeout 600 sh -c 'until mariadb-admin --no-defaults --socket=FOLDER/restored.sock ping; do sleep 1; done'
mariadb --no-defaults --socket=FOLDER/restored.sock -e 'select @@version, now()'
mariadb-admin --no-defaults --socket=FOLDER/restored.sock shutdown
wait
\`\`\`

\`xtrabackup_binlog_info\` says where the binary log goes on: file, byte and GTID. Then: chown -R mysql: FOLDER.
`;

/** Binary logs that were sent to the same place are chunks of files: one after the other they are the files. */
function mysqlStart({ to }: Guided): string {
  return `
To look at it before it serves:

\`\`\`sh
mysqld --no-defaults --user="$(id -un)" --datadir="$PWD/FOLDER" --socket=/tmp/restored.sock --skip-networking --skip-grant-tables --secure-file-priv=NULL --skip-log-bin --gtid-mode=ON --enforce-gtid-consistency=ON
\`\`\`

It holds the transactions \`${to}\`. What was committed later is in \`log/\` of this repository, where it was received: the
newest folder there has one for each binary log. From within that, for each of its folders (binlog.000001 and so on):

\`\`\`sh
for chunk in binlog.000001/*.zst.age; do age -d -i KEY "$chunk" | zstd -d; done > binlog.000001.plain
mysqlbinlog binlog.000001.plain | mysql --socket=/tmp/restored.sock
\`\`\`

The server leaves out by itself what it has. To end before a transaction: \`mysqlbinlog --exclude-gtids='UUID:N-999999999'\`.
Then: chown -R mysql: FOLDER.
`;
}
