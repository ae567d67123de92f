import { describe, expect, it, test } from 'vitest';
import { environmentNamed, parseProject } from '../../../src/config/yml/project.ts';
import { SETTINGS } from '../../../src/config/yml/settings.ts';
import { ompayErrorOf } from '../../fixtures/thrown.ts';

const RECIPIENT = `age1${'q'.repeat(58)}`;

const WHOLE = `
base:
  app:
    log_level: warn
  database:
    connection: mysql
    name: ompay
    user: ompay
  recipients:
    awa: ${RECIPIENT}
environments:
  staging:
    app: { environment: staging, url: https://staging.ompay.sn }
    hosts:
      web1: { address: 10.0.0.1, roles: [web, db] }
  production:
    inherits: staging
    app: { environment: production, url: https://api.ompay.sn }
    hosts:
      web1: { address: 10.1.0.1, user: deploy }
      web10: { address: 10.1.0.10, roles: [web] }
      web2: { address: 10.1.0.2, roles: [web], jump: web1 }
      db1: { address: 10.1.0.3, roles: [db] }
    redis: { use: [cache, queue], host: 10.1.0.9 }
    variables: { LOG_CHANNEL: daily, LOG_FOLDER: /var/log/ompay, DRAIN_LIMIT_MS: 5000 }
`;

function project(...texts: readonly string[]) {
  return parseProject(
    'ompay.yml',
    texts.map((text, index) => ({ name: index === 0 ? 'ompay.yml' : 'lab.yml', text })),
  );
}

describe('inheritance', () => {
  const production = environmentNamed(project(WHOLE), 'production');

  it('takes the nearest that says something: the environment, what it inherits, base, the default', () => {
    expect(production.value(SETTINGS.appUrl)).toBe('https://api.ompay.sn');
    expect(production.value(SETTINGS.appLogLevel)).toBe('warn');
    expect(production.value(SETTINGS.databaseName)).toBe('ompay');
    expect(production.value(SETTINGS.retentionReleases)).toBe(5);
    expect(production.list(SETTINGS.firewallSshFrom)).toEqual(['0.0.0.0/0', '::/0']);
    expect(production.value(SETTINGS.tlsEmail)).toBeUndefined();
  });

  it('goes key by key within a host, and hosts come in the order that people count in', () => {
    expect(production.hosts.map(({ name }) => name)).toEqual(['db1', 'web1', 'web2', 'web10']);
    expect(production.hosts[1]).toEqual({
      name: 'web1',
      address: '10.1.0.1',
      port: 22,
      user: 'deploy',
      keyPath: null,
      jump: null,
      fingerprint: null,
      memoryMb: null,
      roles: ['web', 'db'],
    });
  });

  it('ends where null takes a value away, with all below it', () => {
    const text = `${WHOLE}  third:
    inherits: production
    hosts: { web1: null, web2: { jump: null } }
    redis: null
    app: { log_level: null }
`;
    const third = environmentNamed(project(text), 'third');
    expect(third.hosts.map(({ name, jump }) => [name, jump])).toEqual([
      ['db1', null],
      ['web2', null],
      ['web10', null],
    ]);
    expect(third.list(SETTINGS.redisUse)).toEqual([]);
    expect(third.value(SETTINGS.appLogLevel)).toBe('info');
  });

  it('tells where each value comes from', () => {
    const origin = (path: string) => production.shown.find((each) => each.path === path)?.origin;
    expect(origin('database.name')).toMatchObject({ layer: 'base', position: { line: 7, column: 5 } });
    expect(origin('hosts.web1.roles')).toMatchObject({ layer: 'staging' });
    expect(origin('retention.releases')).toEqual({ kind: 'default' });
  });

  it('makes the variables of the API, with the name of the database host and what verifies it', () => {
    expect(Object.fromEntries(production.variables.map(({ name, value }) => [name, value]))).toEqual({
      APP_ENV: 'production',
      APP_URL: 'https://api.ompay.sn',
      DB_CONNECTION: 'mysql',
      DB_HOST: 'db1',
      DB_DATABASE: 'ompay',
      DB_USERNAME: 'ompay',
      DB_TLS: 'true',
      DB_TLS_CA: '/etc/ompay/tls/ca.pem',
      REDIS_HOST: '10.1.0.9',
      CACHE_DRIVER: 'redis',
      QUEUE_CONNECTION: 'redis',
      LOG_LEVEL: 'warn',
      LOG_CHANNEL: 'daily',
      LOG_FOLDER: '/var/log/ompay',
      DRAIN_LIMIT_MS: '5000',
    });
  });
});

test('the file of the lab, which has no base, leaves that of ompay.yml in force', () => {
  const project = parseProject('ompay.yml', [
    { name: 'ompay.yml', text: 'base:\n  database: { connection: mysql, name: ompay }\n' },
    {
      name: 'lab.yml',
      text: 'environments:\n  lab: { hosts: { db1: { address: 10.77.1.3, roles: [db] } } }\n',
    },
  ]);
  expect(environmentNamed(project, 'lab').value(SETTINGS.databaseName)).toBe('ompay');
});

test('the hosts of the lab come on top of what ompay.yml says of it', () => {
  const lab = 'environments:\n  lab:\n    hosts:\n      web1: { address: 10.77.1.2, roles: [web] }\n';
  const yml =
    'environments:\n  lab:\n    app: { url: https://lab.test }\n    hosts: { web1: { user: debian } }\n';
  expect(environmentNamed(project(yml, lab), 'lab').hosts).toMatchObject([
    { name: 'web1', address: '10.77.1.2', user: 'debian' },
  ]);
  expect(environmentNamed(project(lab), 'lab').hosts).toHaveLength(1);
});

test('an environment that is not there is refused with those that are; none is guessed', async () => {
  const error = await ompayErrorOf(() => environmentNamed(project(WHOLE), 'prodution'));
  expect(error).toMatchObject({
    code: 'notFound',
    message:
      'there is no environment "prodution" (did you mean production?); there is local, staging, production',
  });
  const lab = await ompayErrorOf(() => environmentNamed(project(), 'lab'));
  expect(lab.message).toContain('`ompay lab up`');
});

const env = (body: string): string => `environments:\n  staging:\n${body}`;

describe('a file that cannot be used is refused with line, column and what is allowed', () => {
  it.each<readonly [string, string, string]>([
    [
      'an unknown key',
      env('    databse: {}\n'),
      'line 3, column 5: staging: databse is no key (did you mean database?)',
    ],
    [
      'an unknown key within',
      env('    app:\n      ulr: x\n'),
      'line 4, column 7: staging: app.ulr is no key (did you mean url?)',
    ],
    [
      'an unknown key at the top',
      'enviroments: {}\n',
      'line 1, column 1: enviroments is no key (did you mean environments?)',
    ],
    ['a key that a prototype has', env('    constructor: {}\n'), 'staging: constructor is no key'],
    ['a star for a name', env('    hosts: { "*": { address: a } }\n'), 'hosts.* cannot be named so'],
    [
      'text for a number',
      env('    hosts: { web1: { port: "22" } }\n'),
      'hosts.web1.port is "22" (allowed: a whole number',
    ],
    [
      'a number out of range',
      env('    hosts: { web1: { port: 70000 } }\n'),
      'hosts.web1.port is 70000 (allowed: a whole number from 1 to 65535)',
    ],
    [
      'a number for text',
      env('    app: { url: 12 }\n'),
      'app.url is 12 (allowed: text: an http or https URL)',
    ],
    [
      'a word for a flag',
      env('    app: { debug: yes }\n'),
      'app.debug is "yes" (allowed: `true` or `false`)',
    ],
    ['a mapping for a value', env('    app: { url: { a: 1 } }\n'), 'app.url is {"a":1}'],
    ['a value for a mapping', env('    app: web\n'), 'app is "web" (allowed: a mapping)'],
    [
      'one word for a list',
      env('    hosts: { web1: { roles: web } }\n'),
      'hosts.web1.roles is "web" (allowed: a list of',
    ],
    [
      'an unknown role',
      env('    hosts: { web1: { roles: [wbe] } }\n'),
      'hosts.web1.roles is "wbe" (did you mean web?)',
    ],
    ['an environment that is a list', 'environments: []\n', 'environments is not a mapping'],
    ['a file that is a list', '- a\n', 'the file is no mapping'],
    ['a key given twice', 'base: {}\nbase: {}\n', 'ompay.yml line 2: '],
    ['an alias', 'base: &a {}\nenvironments: { x: *a }\n', 'an alias, which is not allowed'],
    ['a name that is none', 'environments: { Prod: {} }\n', '"Prod" cannot name an environment'],
    ['the local environment', 'environments: { local: {} }\n', 'local is this machine, which .env describes'],
    ['base among the environments', 'environments: { base: {} }\n', 'base is what all environments inherit'],
    [
      'an unknown parent',
      env('    inherits: prod\n'),
      'line 3, column 5: staging: inherits "prod" (allowed: staging)',
    ],
    ['a circle of one', env('    inherits: staging\n'), 'staging: inherits in a circle: staging, staging'],
    [
      'a circle of two',
      'environments: { a: { inherits: b }, b: { inherits: a } }\n',
      'a: inherits in a circle: a, b, a',
    ],
    ['a base that inherits', 'base: { inherits: a }\nenvironments: { a: {} }\n', 'inherits is not for base'],
    [
      'an address given twice',
      env(
        '    hosts:\n      web1: { address: H.sn, roles: [web] }\n      web2: { address: h.sn, roles: [web] }\n',
      ),
      'line 5, column 15: staging: hosts.web2 has the address h.sn port 22, as web1 has',
    ],
    [
      'a host without an address',
      env('    hosts: { web1: { roles: [web] } }\n'),
      'hosts.web1 lacks the key "address"',
    ],
    ['a host without a role', env('    hosts: { web1: { address: a } }\n'), 'hosts.web1 has no role'],
    [
      'a jump to nowhere',
      env('    hosts: { web1: { address: a, roles: [web], jump: wb } }\n'),
      'hosts.web1.jump is "wb" (did you mean web1?) (allowed: web1)',
    ],
    [
      'a jump in a circle',
      env('    hosts: { a: { address: a, jump: b }, b: { address: b, jump: a } }\n'),
      'hosts.a jumps in a circle: a, b, a',
    ],
    [
      'an unknown variable',
      env('    variables: { LOG_LEVLE: info }\n'),
      'LOG_LEVLE is no variable (did you mean LOG_LEVEL?)',
    ],
    [
      'a variable that a key sets',
      env('    variables: { LOG_LEVEL: info }\n'),
      'variables.LOG_LEVEL is set by app.log_level',
    ],
    [
      'a variable that follows from a key',
      env('    variables: { CACHE_DRIVER: redis }\n'),
      'is set by redis.use',
    ],
    ['a variable of each slot', env('    variables: { API_SOCKET: /x }\n'), 'is set by each deploy'],
    [
      'a variable with a wrong value',
      env('    variables: { LOG_CHANNEL: syslog }\n'),
      'is "syslog" (allowed: `stderr`, `daily`)',
    ],
    [
      'a recipient that is none',
      env('    recipients: { awa: age1short }\n'),
      'recipients.awa is "age1short"',
    ],
    [
      'unknown hosts accepted in production',
      env('    app: { environment: production }\n    host_keys: accept-new\n'),
      'host_keys is "accept-new" (allowed in production: strict)',
    ],
  ])('%s', async (_title, text, told) => {
    const error = await ompayErrorOf(() => project(text));
    expect(error.code).toBe('configInvalid');
    expect(error.message).toContain(told);
    expect(error.message).toContain('ompay.yml line ');
  });

  it('tells all faults at once', async () => {
    const { message } = await ompayErrorOf(() => project(env('    ap: {}\n    tls: { email: nobody }\n')));
    expect(message).toMatch(/ap is no key.*; .*tls.email is "nobody"/);
  });

  it('never tells a secret that was put in it', async () => {
    const { message } = await ompayErrorOf(() =>
      project(env('    variables: { DB_PASSWORD: hunter2, APP_KEY: [hunter3] }\n')),
    );
    expect(message).toContain('keep it with `ompay secrets set DB_PASSWORD`');
    expect(message).not.toMatch(/hunter/);
  });
});

test('an empty file says nothing, and that is right', () => {
  expect(project('').names).toEqual([]);
  expect(project('environments:\n').names).toEqual([]);
  expect(project('environments:\n  staging:\n').names).toEqual(['staging']);
});
