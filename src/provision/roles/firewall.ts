import { sh } from '../../shell/line.ts';
import { addressesOf, type HostInput, hasRole } from '../input.ts';
import type { AllowedPort } from '../resource.ts';
import type { Role } from '../role.ts';

const NODE_EXPORTER_PORT = 9100;

/** From outside: ssh, http, https. The database and Redis are for the hosts that need them, and nobody else. */
export const firewallRole: Role<HostInput> = {
  name: 'firewall',
  isOn: () => true,
  guard: {
    paths: ['/etc/ufw', '/etc/default/ufw'],
    live: sh`iptables-save; echo --; ip6tables-save`,
    putBack: sh`sed '/^--$/,$d' live | iptables-restore; sed '1,/^--$/d' live | ip6tables-restore`,
  },
  resources: (input) => [
    { kind: 'package', name: 'ufw' },
    { kind: 'firewall', allows: allowedOn(input) },
    { kind: 'unit', name: 'ufw.service', isEnabled: true, isActive: true },
  ],
};

function allowedOn(input: HostInput): readonly AllowedPort[] {
  const { database, monitoring, redis, ssh } = input;
  const only = (port: number, addresses: readonly string[]): readonly AllowedPort[] =>
    [...new Set(addresses)].map((from) => ({ port, from }));
  return [
    { port: ssh.port, from: null },
    ...(hasRole(input, 'lb') ? [80, 443].map((port) => ({ port, from: null })) : []),
    ...(hasRole(input, 'web') && !hasRole(input, 'lb') ? webPorts(input) : []),
    ...(hasRole(input, 'db') ? only(database.port, addressesOf(input, 'web', 'backup', 'db')) : []),
    ...(hasRole(input, 'redis') ? only(redis.port, addressesOf(input, 'web', 'redis')) : []),
    ...only(NODE_EXPORTER_PORT, monitoring),
  ];
}

/** Behind load balancers only these may ask; without one, a web host faces the world itself. */
function webPorts(input: HostInput): readonly AllowedPort[] {
  const balancers = addressesOf(input, 'lb');
  if (balancers.length === 0) return [80, 443].map((port) => ({ port, from: null }));
  return balancers.flatMap((from) => [80, 443].map((port) => ({ port, from })));
}
