import { sh } from '../../shell/line.ts';
import { type MysqlServer, mysqlResources } from '../data/mysql-server.ts';
import { cachingSha2Verifier } from '../data/verifier.ts';
import type { Family } from '../families.ts';
import { type HostInput, hasRole } from '../input.ts';
import type { Role } from '../role.ts';

/** How long a COMMIT waits for a receiver of the log that is away (docs/mysql-backup.md). */
const RECEIVER_WAIT_MS = 10_000;

/** MySQL 8.0 and newer. */
export const mysqlRole: Role<HostInput> = {
  name: 'mysql',
  guard: null,
  isOn: (input) => hasRole(input, 'db') && input.database.engine === 'mysql',
  resources: (input, family) => mysqlResources(serverOf(family), input),
};

function serverOf({ name }: Family): MysqlServer {
  const places = {
    debian: { unit: 'mysql.service', configPath: '/etc/mysql/mysql.conf.d/zz-ompay.cnf' },
    rhel: { unit: 'mysqld.service', configPath: '/etc/my.cnf.d/zz-ompay.cnf' },
  }[name];
  return {
    ...places,
    title: 'MySQL',
    flags: { on: '1', off: '0' },
    template: 'mysql/60-ompay.cnf',
    packageName: 'mysql-server',
    client: 'mysql',
    check: sh`mysqld --user=mysql --validate-config`,
    reloadTls: "/usr/bin/mysql --no-defaults --user=root -e 'ALTER INSTANCE RELOAD TLS'",
    fixed: { gtid_mode: 'ON', enforce_gtid_consistency: 'ON' },
    forget: (variable) => [`reset persist if exists ${variable}`],
    proofs: {
      proof: { plugin: 'caching_sha2_password', verifier: cachingSha2Verifier },
      identified: (plugin, verifier) =>
        `identified with ${plugin}${verifier === '' ? '' : ` as '${verifier}'`}`,
      socketPlugin: 'auth_socket',
      monitorRights: ['PROCESS', 'REPLICATION CLIENT'],
      backupRights: [
        'BACKUP_ADMIN',
        'REPLICATION CLIENT',
        'REPLICATION SLAVE',
        'SELECT',
        'SHOW VIEW',
        'TRIGGER',
      ],
    },
    backups: {
      packages: [],
      plugins: ['clone', 'rpl_semi_sync_source'],
      // Loose: the file is read before the plugins are there.
      config: [
        'plugin_load_add = mysql_clone.so',
        'plugin_load_add = semisync_source.so',
        'loose_rpl_semi_sync_source_enabled = ON',
        `loose_rpl_semi_sync_source_timeout = ${RECEIVER_WAIT_MS}`,
      ],
      variables: {
        rpl_semi_sync_source_enabled: '1',
        rpl_semi_sync_source_timeout: String(RECEIVER_WAIT_MS),
      },
    },
  };
}
