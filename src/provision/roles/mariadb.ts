import { sh } from '../../shell/line.ts';
import { appAccount } from '../data/database.ts';
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
  resources: (input, family) => mysqlResources(serverOf(input, family), input),
};

function serverOf(input: HostInput, { name }: Family): MysqlServer {
  const { password } = appAccount(input);
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
      appProof: { plugin: 'mysql_native_password', verifier: () => nativeVerifier(password) },
      identified: (plugin, verifier) =>
        `identified via ${plugin}${verifier === '' ? '' : ` using '${verifier}'`}`,
      socketPlugin: 'unix_socket',
      monitorRights: ['BINLOG MONITOR', 'PROCESS'],
    },
  };
}
