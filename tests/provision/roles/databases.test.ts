import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { shaCrypt } from '../../../src/provision/data/verifier.ts';
import { familyNamed } from '../../../src/provision/facts.ts';
import type { HostInput } from '../../../src/provision/input.ts';
import { idOf, type Resource } from '../../../src/provision/resource.ts';
import { authorityRole } from '../../../src/provision/roles/authority.ts';
import { exportersRole } from '../../../src/provision/roles/exporters.ts';
import { mariadbRole } from '../../../src/provision/roles/mariadb.ts';
import { mysqlRole } from '../../../src/provision/roles/mysql.ts';
import { postgresRole } from '../../../src/provision/roles/postgres.ts';
import { redisRole } from '../../../src/provision/roles/redis.ts';
import { contentAt, packagesIn, settingNamed } from '../../fixtures/declared.ts';
import { backedUpInput, provisionInput, ROCKY } from '../../fixtures/provision-input.ts';

const DEBIAN = familyNamed('debian');
const PASSWORD = 'correct-horse-battery';
const secrets = new Map(['DB_PASSWORD', 'REDIS_PASSWORD'].map((name) => [name, new Secret(PASSWORD)]));
const DATABASES = [
  { engine: 'mysql', role: mysqlRole, config: '/etc/mysql/mysql.conf.d/zz-ompay.cnf', port: 3306 },
  { engine: 'mariadb', role: mariadbRole, config: '/etc/mysql/mariadb.conf.d/zz-ompay.cnf', port: 3306 },
  { engine: 'pgsql', role: postgresRole, config: '/etc/postgresql/ompay/ompay.conf', port: 5432 },
] as const;

const databaseInput = ({ engine, port }: (typeof DATABASES)[number]): HostInput =>
  provisionInput('db1', { database: { engine, port }, secrets });

describe.each(DATABASES)('$engine', (database) => {
  const { config, engine, role } = database;
  const resources = role.resources(databaseInput(database), DEBIAN);

  test('is on the hosts of the database alone, and alone', () => {
    expect(role.isOn(databaseInput(database))).toBe(true);
    expect(DATABASES.filter((each) => each.role.isOn(databaseInput(database)))).toHaveLength(1);
    expect(role.isOn(provisionInput('web1', { database: { engine, port: 1 } }))).toBe(false);
  });

  test('has a configuration that is durable, private and sized for 4 GB', async () => {
    await expect(contentAt(resources, config)).toMatchFileSnapshot(`../../goldens/provision/${engine}.conf`);
  });

  test('what a plan, a log or an argument shows holds neither the password nor what a server keeps of it', () => {
    const lines = resources.flatMap((each) => (each.kind === 'setting' ? [each.holds, each.apply] : []));
    expect(lines.length).toBeGreaterThan(5);
    for (const { text, shown } of lines) {
      expect(text).not.toContain(PASSWORD);
      expect(shown).not.toMatch(/SCRAM-SHA-256\$4096|\$A\$005\$[0-9a-f]|'\*[0-9A-F]{40}/);
    }
    expect(lines.some(({ text }) => /SCRAM-SHA-256\$4096|\$A\$005\$[0-9a-f]|\*[0-9A-F]{40}/.test(text))).toBe(
      true,
    );
  });

  test('its key is a secret, for its own user alone', () => {
    const keys = resources.filter((each) => each.kind === 'file' && each.path.endsWith('-key.pem'));
    expect(keys).toHaveLength(1);
    for (const key of keys) expect(key).toMatchObject({ mode: 0o600, content: expect.any(Secret) });
  });

  test('without a password, and with a user of the server, it is refused with what to type', () => {
    const bare = { ...databaseInput(database), secrets: new Map() };
    expect(() => role.resources(bare, DEBIAN)).toThrow('production has no DB_PASSWORD');
    const { config: said } = databaseInput(database);
    const value: typeof said.value = (setting) =>
      setting.path === 'database.user' ? setting.key.parse('root') : said.value(setting);
    const asRoot = { ...said, value };
    expect(() => role.resources({ ...databaseInput(database), config: asRoot }, DEBIAN)).toThrow('is root');
  });
});

test('a user is let in from each web host, and from nowhere else', () => {
  const [mysql, , postgresql] = DATABASES.map((each) => each.role.resources(databaseInput(each), DEBIAN));
  const statements = settingNamed(mysql ?? [], 'its users').apply.text;
  const from = new Set(
    [...statements.matchAll(/create user if not exists '+\\?'*ompay.*?@.*?([\d.]+)/g)].map(
      ([, host]) => host,
    ),
  );
  expect(from).toEqual(new Set(['10.0.0.11', '10.0.0.12']));
  expect(
    contentAt(postgresql ?? [], '/etc/postgresql/ompay/pg_hba.conf')
      .split('\n')
      .filter((line) => line.startsWith('host')),
  ).toEqual([
    'hostssl "ompay" "ompay" 10.0.0.11/32 scram-sha-256',
    'hostssl "ompay" "ompay" 10.0.0.12/32 scram-sha-256',
  ]);
});

test('MySQL and MariaDB withhold DROP, and what else a ledger needs not', () => {
  for (const each of DATABASES.slice(0, 2)) {
    const { text } = settingNamed(each.role.resources(databaseInput(each), DEBIAN), 'its users').apply;
    const granted = /grant ([A-Z, ]+) on `ompay`/.exec(text)?.[1]?.split(', ');
    expect(granted).toEqual([
      'ALTER',
      'CREATE',
      'DELETE',
      'INDEX',
      'INSERT',
      'REFERENCES',
      'SELECT',
      'TRIGGER',
      'UPDATE',
    ]);
  }
});

test('a password that changes, changes what is looked for', () => {
  const of = (password: string) =>
    settingNamed(
      mysqlRole.resources(
        { ...databaseInput(DATABASES[0]), secrets: new Map([['DB_PASSWORD', new Secret(password)]]) },
        DEBIAN,
      ),
      'its users',
    ).holds.text;
  expect(of('one')).toBe(of('one'));
  expect(of('one')).not.toBe(of('two'));
  expect(shaCrypt(new Secret('one'), 'a')).not.toBe(shaCrypt(new Secret('two'), 'a'));
});

describe('with copies of backups', () => {
  const withBackups = new Map([...secrets, ['BACKUP_DB_PASSWORD', new Secret('of-the-backups')]]);
  const [mysql, mariadb, postgresql] = DATABASES.map(({ engine, port, role }) =>
    role.resources(backedUpInput('db1', { database: { engine, port }, secrets: withBackups }), DEBIAN),
  );
  const granted = (resources: readonly Resource[] = []) =>
    settingNamed(resources, 'its users')
      .apply.text.match(/grant [A-Z_, ]+ on \*\.\* to \S*ompay_backup\S*/g)
      ?.map((line) => line.replaceAll(/['\\]/g, ''));

  test('MySQL has the plugins, and an account for the host that makes them', () => {
    const config = contentAt(mysql ?? [], '/etc/mysql/mysql.conf.d/zz-ompay.cnf');
    expect(config).toContain('plugin_load_add = mysql_clone.so\nplugin_load_add = semisync_source.so\n');
    expect(settingNamed(mysql ?? [], 'what backups need').holds.text).toContain('rpl_semi_sync_source');
    expect(granted(mysql)).toEqual([
      'grant BACKUP_ADMIN, REPLICATION CLIENT, REPLICATION SLAVE, SELECT, SHOW VIEW, TRIGGER on *.* to ompay_backup@10.0.0.41;',
    ]);
  });

  test('MariaDB has the program, and an account for its own host too, where it is run', () => {
    expect(packagesIn(mariadb ?? [])).toEqual(['mariadb-server', 'mariadb-backup']);
    const rights =
      'BINLOG MONITOR, LOCK TABLES, PROCESS, RELOAD, REPLICATION SLAVE, SELECT, SHOW VIEW, TRIGGER';
    expect(granted(mariadb)).toEqual(
      ['10.0.0.21', '10.0.0.41'].map((host) => `grant ${rights} on *.* to ompay_backup@${host};`),
    );
  });

  test('PostgreSQL lets that host replicate and read, and nobody else', () => {
    const rules = contentAt(postgresql ?? [], '/etc/postgresql/ompay/pg_hba.conf').split('\n');
    expect(rules.filter((line) => line.includes('ompay_backup'))).toEqual([
      'hostssl replication,"ompay" "ompay_backup" 10.0.0.41/32 scram-sha-256',
    ]);
    const { text, shown } = settingNamed(postgresql ?? [], 'user of the backups').apply;
    expect(text).toContain('grant pg_read_all_data, pg_read_all_stats to "ompay_backup"');
    expect(shown).not.toContain('SCRAM-SHA-256$4096');
  });

  test('without its password, and as the user of the API, it is refused with what to type', () => {
    const input = backedUpInput('db1', { secrets });
    expect(() => mysqlRole.resources(input, DEBIAN)).toThrow('production has no BACKUP_DB_PASSWORD');
    const value: typeof input.config.value = (setting) =>
      setting.path === 'copies.database_user' ? setting.key.parse('ompay') : input.config.value(setting);
    const asApi = { ...input, config: { ...input.config, value } };
    expect(() => mysqlRole.resources(asApi, DEBIAN)).toThrow("which is another's");
  });
});

describe('redis', () => {
  const tls = (isOn: boolean): HostInput => {
    const input = provisionInput('redis1', { secrets });
    const { config } = input;
    const value: typeof config.value = (setting) =>
      setting.path === 'redis.tls' ? setting.key.parse(String(isOn)) : config.value(setting);
    return { ...input, config: { ...config, value } };
  };

  test.each([true, false])('its file, with TLS: %s', async (isOn) => {
    const text = contentAt(redisRole.resources(tls(isOn), DEBIAN), '/etc/redis/redis.conf');
    await expect(text).toMatchFileSnapshot(`../../goldens/provision/redis${isOn ? '-tls' : ''}.conf`);
  });

  test('its accounts: nobody by default, the API without what is dangerous, monitoring that reads numbers', () => {
    const text = contentAt(redisRole.resources(tls(true), DEBIAN), '/etc/redis/users.acl');
    expect(
      text.replace(/#[0-9a-f]{64}/g, '#HASH'),
    ).toBe(`user default off resetpass resetkeys resetchannels -@all
user ompay on #HASH ~* &* +@all -@admin -@dangerous +info +sync +replconf
user monitor on #HASH resetkeys resetchannels -@all +ping +info +select +client|setname +config|get +latency|latest +latency|histogram +slowlog|get +slowlog|len
`);
    expect(text).not.toContain(PASSWORD);
  });
});

test('exporters listen to this host alone, until somebody is to ask them', () => {
  const listening = (input: HostInput) =>
    exportersRole
      .resources(input, DEBIAN)
      .flatMap((each) =>
        each.kind === 'file' && each.content instanceof Secret
          ? [/listen-address=(\S+?)"? /.exec(`${each.content.reveal().replaceAll('\n', ' ')} `)?.[1]]
          : [],
      );
  expect(listening(provisionInput('web1'))).toEqual(['127.0.0.1:9100', '127.0.0.1:9113']);
  const monitoring = ['10.0.0.40/32'];
  expect(listening(provisionInput('db1', { monitoring }))).toEqual(['10.0.0.21:9100', '10.0.0.21:9104']);
  expect(listening(provisionInput('redis1', { monitoring }))).toEqual(['10.0.0.31:9100', '10.0.0.31:9121']);
});

test('every host knows the names of the fleet, and whom to believe', () => {
  const resources = authorityRole.resources(provisionInput('web1'), DEBIAN);
  expect(settingNamed(resources, 'names of the fleet').apply.text).toContain('10.0.0.21 db1 # ompay fleet');
  expect(contentAt(resources, '/etc/ompay/tls/ca.pem')).toBe('');
});

test('the RHEL family has its own places', () => {
  const places = DATABASES.map((each) => {
    const input = provisionInput('db1', { database: { engine: each.engine, port: each.port } }, ROCKY);
    const resources: readonly Resource[] = each.role.resources(input, familyNamed('rhel'));
    const shown = resources.map(idOf).filter((id) => /^unit|my\.cnf\.d|initdb|cluster/.test(id));
    return [...packagesIn(resources), ...shown];
  });
  expect(places).toEqual([
    ['mysql-server', 'file /etc/my.cnf.d/zz-ompay.cnf', 'unit mysqld.service'],
    ['mariadb-server', 'file /etc/my.cnf.d/zz-ompay.cnf', 'unit mariadb.service'],
    ['postgresql-server', 'setting the cluster of PostgreSQL is there', 'unit postgresql.service'],
  ]);
});
