import { Secret } from '../../core/secret.ts';
import { SERVER } from '../../core/server-layout.ts';
import { secretOf } from '../data/database.ts';
import { monitorPassword, REDIS_MONITOR } from '../data/redis-accounts.ts';
import { rootFile, running } from '../declarations.ts';
import { type HostInput, hasRole } from '../input.ts';
import type { Resource } from '../resource.ts';
import type { Role } from '../role.ts';
import { isTls } from './redis.ts';

/** Debian's packages and the ports that they take; the firewall opens these to the monitoring networks. */
const PORTS = { node: 9100, nginx: 9113, mysqld: 9104, postgres: 9187, redis: 9121 } as const;

/** What Prometheus asks: the machine, and each server on it. Without monitoring networks they listen to this host alone. */
export const exportersRole: Role<HostInput> = {
  name: 'exporters',
  guard: null,
  isOn: () => true,
  notes: ({ facts }) =>
    facts.family === 'debian' ? [] : ['no exporters: they are packaged for Debian and Ubuntu alone'],
  resources: (input) => {
    if (input.facts.family !== 'debian') return [];
    return [
      ...exporter(input, 'node'),
      ...(hasRole(input, 'web')
        ? exporter(input, 'nginx', { options: [`-nginx.scrape-uri=${NGINX_STATUS}`] })
        : []),
      ...(hasRole(input, 'db') ? databaseExporter(input) : []),
      ...(hasRole(input, 'redis') ? redisExporter(input) : []),
    ];
  },
};

/** Of the web server itself, for this host alone. */
export const NGINX_STATUS = 'http://127.0.0.1:8080/stub_status';

interface Exported {
  readonly options?: readonly string[];
  /** Lines of its environment; a secret is in the file that root alone reads. */
  readonly variables?: readonly string[];
  readonly needs?: readonly Resource[];
}

function exporter(input: HostInput, name: keyof typeof PORTS, exported: Exported = {}): readonly Resource[] {
  const { needs = [], options = [], variables = [] } = exported;
  const unit = `prometheus-${name}-exporter.service`;
  const address = input.monitoring.length === 0 ? '127.0.0.1' : input.host.address;
  const all = [
    `${name === 'redis' || name === 'nginx' ? '-' : '--'}web.listen-address=${address}:${PORTS[name]}`,
    ...options,
  ];
  const lines = ['# Made by ompay provision.', ...variables, `ARGS="${all.join(' ')}"`, ''];
  return [
    { kind: 'package', name: `prometheus-${name}-exporter` },
    ...needs,
    rootFile({
      path: `/etc/default/prometheus-${name}-exporter`,
      content: new Secret(lines.join('\n')),
      mode: 0o600,
      tells: [{ unit, how: 'restart' }],
    }),
    running(unit),
  ];
}

/** By the socket, as the user of the system that it runs as: it has no password. */
function databaseExporter(input: HostInput): readonly Resource[] {
  if (input.database.engine === 'pgsql')
    return exporter(input, 'postgres', {
      variables: [
        `DATA_SOURCE_NAME='user=prometheus host=/run/postgresql port=${input.database.port} dbname=postgres'`,
      ],
    });
  const path = '/etc/ompay/mysqld-exporter.cnf';
  // Its older versions want a password, whatever it is for.
  const content = '[client]\nuser = prometheus\npassword = unused\nsocket = /run/mysqld/mysqld.sock\n';
  const tells = [{ unit: 'prometheus-mysqld-exporter.service', how: 'restart' }] as const;
  return exporter(input, 'mysqld', {
    options: [`--config.my-cnf=${path}`],
    needs: [rootFile({ path, content, tells })],
  });
}

function redisExporter(input: HostInput): readonly Resource[] {
  const password = monitorPassword(secretOf(input, 'REDIS_PASSWORD'));
  const scheme = isTls(input) ? 'rediss' : 'redis';
  const { host, redis } = input;
  const address = `-redis.addr=${scheme}://${host.address.includes(':') ? `[${host.address}]` : host.address}:${redis.port}`;
  const ca = isTls(input) ? [`-tls-ca-cert-file=${SERVER.tlsAuthority}`] : [];
  return exporter(input, 'redis', {
    options: [address, `-redis.user=${REDIS_MONITOR}`, ...ca],
    variables: [`REDIS_PASSWORD=${password.reveal()}`],
  });
}
