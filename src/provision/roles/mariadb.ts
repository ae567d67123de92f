import { sh } from '../../shell/line.ts';
import { type MysqlServer, mysqlResources } from '../data/mysql-server.ts';
import { nativeVerifier } from '../data/verifier.ts';
import type { Family } from '../families.ts';
import { type HostInput, hasRole } from '../input.ts';
import type { Role } from '../role.ts';

/** MariaDB 10.11 and newer. */
export const mariadbRole: Role<HostInput> = {
  name: 'mariadb',
  guard: null,
  isOn: (input) => hasRole(input, 'db') && input.database.engine === 'mariadb',
  resources: (input, family) => mysqlResources(serverOf(family), input),
};

function serverOf({ name }: Family): MysqlServer {
  return {
    title: 'MariaDB',
    flags: { on: 'ON', off: 'OFF' },
    template: 'mariadb/60-ompay.cnf',
    packageName: 'mariadb-server',
    unit: 'mariadb.service',
    configPath: { debian: '/etc/mysql/mariadb.conf.d/zz-ompay.cnf', rhel: '/etc/my.cnf.d/zz-ompay.cnf' }[
      name
    ],
    client: 'mariadb',
    check: sh`mariadbd --user=mysql --verbose --help >/dev/null`,
    reloadTls: "/usr/bin/mariadb --no-defaults --user=root -e 'FLUSH SSL'",
    fixed: { binlog_format: 'ROW' },
    forget: () => [],
    proofs: {
      proof: { plugin: 'mysql_native_password', verifier: nativeVerifier },
      identified: (plugin, verifier) =>
        `identified via ${plugin}${verifier === '' ? '' : ` using '${verifier}'`}`,
      socketPlugin: 'unix_socket',
      monitorRights: ['BINLOG MONITOR', 'PROCESS'],
      backupRights: [
        'BINLOG MONITOR',
        'LOCK TABLES',
        'PROCESS',
        'RELOAD',
        'REPLICATION SLAVE',
        'SELECT',
        'SHOW VIEW',
        'TRIGGER',
      ],
    },
    backups: {
      packages: ['mariadb-backup'],
      plugins: [],
      config: [],
      variables: {},
    },
  };
}
