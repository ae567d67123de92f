import { sh } from '../../shell/line.ts';
import { appAccount } from '../data/database.ts';
import { type MysqlServer, mysqlResources } from '../data/mysql-server.ts';
import { cachingSha2Verifier } from '../data/verifier.ts';
import type { Family } from '../families.ts';
import { type HostInput, hasRole } from '../input.ts';
import type { Role } from '../role.ts';

/** MySQL 8.0 and newer. */
export const mysqlRole: Role<HostInput> = {
  name: 'mysql',
  guard: null,
  isOn: (input) => hasRole(input, 'db') && input.database.engine === 'mysql',
  resources: (input, family) => mysqlResources(serverOf(input, family), input),
};

function serverOf(input: HostInput, { name }: Family): MysqlServer {
  const places = {
    debian: { unit: 'mysql.service', configPath: '/etc/mysql/mysql.conf.d/zz-ompay.cnf' },
    rhel: { unit: 'mysqld.service', configPath: '/etc/my.cnf.d/zz-ompay.cnf' },
  }[name];
  const { password } = appAccount(input);
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
      appProof: {
        plugin: 'caching_sha2_password',
        verifier: (account) => cachingSha2Verifier(password, account),
      },
      identified: (plugin, verifier) =>
        `identified with ${plugin}${verifier === '' ? '' : ` as '${verifier}'`}`,
      socketPlugin: 'auth_socket',
      monitorRights: ['PROCESS', 'REPLICATION CLIENT'],
    },
  };
}
