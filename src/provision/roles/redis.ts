import { SETTINGS } from '../../config/yml/settings.ts';
import { SERVER } from '../../core/server-layout.ts';
import { type Shell, sh } from '../../shell/line.ts';
import { roomOf, secretOf } from '../data/database.ts';
import { monitorPassword, REDIS_MONITOR, redisAccounts } from '../data/redis-accounts.ts';
import { serviceTls, tlsPaths } from '../data/service-tls.ts';
import { redisMaxMemoryMb } from '../data/sizes.ts';
import { rootFile, rootFolder, running, setting } from '../declarations.ts';
import type { Family } from '../families.ts';
import { type HostInput, hasRole } from '../input.ts';
import type { Resource } from '../resource.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';

export const REDIS_TLS = `${SERVER.tls}/redis`;
const ACCOUNTS = '/etc/redis/users.acl';
const MB = 1024 * 1024;

/** Redis 7: for the web hosts, by accounts. The unit's sandbox is the distribution's. */
export const redisRole: Role<HostInput> = {
  name: 'redis',
  guard: null,
  isOn: (input) => hasRole(input, 'redis'),
  resources: (input, family) => {
    const unit = unitOf(family);
    const tells = [{ unit, how: 'restart' }] as const;
    const own = { owner: 'redis', group: 'redis', mode: 0o640, tells } as const;
    const password = secretOf(input, 'REDIS_PASSWORD');
    return [
      { kind: 'package', name: family.name === 'debian' ? 'redis-server' : 'redis' },
      ...(isTls(input) ? serviceTls(input, { folder: REDIS_TLS, user: 'redis', tells }) : []),
      rootFolder(`/etc/systemd/system/${unit}.d`),
      rootFile({
        path: `/etc/systemd/system/${unit}.d/10-ompay.conf`,
        content: template('redis/10-ompay.conf'),
        tells,
      }),
      { kind: 'file', path: ACCOUNTS, content: redisAccounts(password), ...own },
      { kind: 'file', path: '/etc/redis/redis.conf', content: configText(input), ...own },
      running(unit),
      runningSetting(input, unit),
    ];
  },
};

export function unitOf({ name }: Family): string {
  return name === 'debian' ? 'redis-server.service' : 'redis.service';
}

export function isTls({ config }: Pick<HostInput, 'config'>): boolean {
  return config.value(SETTINGS.redisTls) === true;
}

function configText(input: HostInput): string {
  const { ca, certificate, key } = tlsPaths(REDIS_TLS);
  const { port } = input.redis;
  const secure = [
    'port 0',
    `tls-port ${port}`,
    `tls-ca-cert-file ${ca}`,
    `tls-cert-file ${certificate}`,
    `tls-key-file ${key}`,
    'tls-auth-clients no',
    'tls-protocols "TLSv1.2 TLSv1.3"',
  ];
  return template('redis/redis.conf', {
    ADDRESS: input.host.address,
    PORTS: isTls(input) ? secure.join('\n') : `port ${port}`,
    ACCOUNTS,
    MAXMEMORY: String(redisMaxMemoryMb(roomOf(input))),
  });
}

/** Nobody can change the running server but its files: what is looked for is one that never read them. */
function runningSetting(input: HostInput, unit: string): Resource {
  const expected = {
    appendfsync: 'everysec',
    appendonly: 'yes',
    maxmemory: String(redisMaxMemoryMb(roomOf(input)) * MB),
    'maxmemory-policy': 'noeviction',
  };
  const names = Object.keys(expected);
  const shown = Object.entries(expected).map((pair) => pair.join('\n'));
  return setting({
    name: 'Redis runs with what its file says',
    holds: sh`[ "$(${client(input)} CONFIG GET ${names} | paste -d= - - | sort)" = "$(printf '%s\n' ${shown} | paste -d= - - | sort)" ]`,
    apply: sh`systemctl restart -- ${unit}`,
  });
}

/** The password is in the environment of the client alone, which root can read. */
function client(input: HostInput): Shell {
  const { host, redis } = input;
  const password = monitorPassword(secretOf(input, 'REDIS_PASSWORD'));
  const tls = isTls(input) ? sh`--tls --cacert ${tlsPaths(REDIS_TLS).ca}` : sh``;
  return sh`REDISCLI_AUTH=${password} redis-cli -h ${host.address} -p ${redis.port} ${tls} --user ${REDIS_MONITOR} --no-auth-warning --raw`;
}
