import { sh } from '../../shell/line.ts';
import { packages, rootFile, running, setting } from '../declarations.ts';
import { addressesOf, type HostInput, type HostRole, hasRole } from '../input.ts';
import type { AllowedPort, Resource } from '../resource.ts';
import type { Role } from '../role.ts';

const WEB_PORTS = [80, 443];
/** Of node, nginx, mysqld, postgres, redis and haproxy's exporters, as Debian's packages have them. */
const EXPORTER_PORTS = { all: [9100], web: [9113], lb: [9101], mysql: [9104], pgsql: [9187], redis: [9121] };

/** From outside: ssh, http, https. The database and Redis are for the hosts that need them, and nobody else. */
export const firewallRole: Role<HostInput> = {
  name: 'firewall',
  isOn: () => true,
  guard: {
    paths: ['/etc/ufw', '/etc/default/ufw', '/etc/firewalld'],
    live: sh`iptables-save; echo --; ip6tables-save 2>/dev/null; true`,
    putBack: sh`if [ -d /etc/firewalld ]; then systemctl try-reload-or-restart firewalld.service; else
sed '/^--$/,$d' live | iptables-restore
if [ -n "$(sed '1,/^--$/d' live)" ]; then sed '1,/^--$/d' live | ip6tables-restore; fi
fi`,
  },
  resources: (input) =>
    input.facts.family === 'debian' ? ufw(allowedOn(input)) : firewalld(allowedOn(input)),
};

function ufw(allows: readonly AllowedPort[]): readonly Resource[] {
  return [...packages('ufw'), { kind: 'firewall', allows }, running('ufw.service')];
}

/** A zone of its own, which is the default one: what no zone says is refused. */
function firewalld(allows: readonly AllowedPort[]): readonly Resource[] {
  const rules = allows.flatMap(({ port, from }) => [
    ...(from === null
      ? [`  <port port="${port}" protocol="tcp"/>`]
      : [
          `  <rule family="${from.includes(':') ? 'ipv6' : 'ipv4'}">`,
          `    <source address="${from}"/>`,
          `    <port port="${port}" protocol="tcp"/>`,
          '    <accept/>',
          '  </rule>',
        ]),
  ]);
  const zone = [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<zone target="DROP">',
    '  <short>ompay</short>',
    ...rules,
    '</zone>',
    '',
  ];
  return [
    ...packages('firewalld'),
    rootFile({
      path: '/etc/firewalld/zones/ompay.xml',
      content: zone.join('\n'),
      tells: [{ unit: 'firewalld.service', how: 'reload' }],
    }),
    running('firewalld.service'),
    setting({
      name: 'the zone of firewalld is ompay',
      holds: sh`grep -qx 'DefaultZone=ompay' /etc/firewalld/firewalld.conf`,
      apply: sh`firewall-cmd -q --reload && firewall-cmd -q --set-default-zone=ompay`,
    }),
  ];
}

/** Exported for its test: what may come in to a host. */
export function allowedOn(input: HostInput): readonly AllowedPort[] {
  const { database, redis, ssh, web } = input;
  const isFront = hasRole(input, 'lb') || (hasRole(input, 'web') && addressesOf(input, 'lb').length === 0);
  const balancers = hasRole(input, 'web') && !isFront ? addressesOf(input, 'lb') : [];
  return distinct([
    ...to([ssh.port], ssh.from),
    ...(isFront ? to(WEB_PORTS, web.from) : []),
    // Behind load balancers only these may ask.
    ...to(WEB_PORTS, balancers),
    ...(hasRole(input, 'db') ? to([database.port], others(input, 'web', 'backup', 'db')) : []),
    ...(hasRole(input, 'redis') ? to([redis.port], others(input, 'web', 'backup', 'redis')) : []),
    ...to(exporterPorts(input), input.monitoring),
  ]);
}

function others(input: HostInput, ...roles: readonly HostRole[]): readonly string[] {
  return addressesOf(input, ...roles).filter((address) => address !== input.host.address);
}

function exporterPorts(input: HostInput): readonly number[] {
  return [
    ...EXPORTER_PORTS.all,
    ...(hasRole(input, 'web') ? EXPORTER_PORTS.web : []),
    ...(hasRole(input, 'lb') ? EXPORTER_PORTS.lb : []),
    ...(hasRole(input, 'db') ? EXPORTER_PORTS[input.database.engine === 'pgsql' ? 'pgsql' : 'mysql'] : []),
    ...(hasRole(input, 'redis') ? EXPORTER_PORTS.redis : []),
  ];
}

function to(ports: readonly number[], from: readonly string[]): readonly AllowedPort[] {
  return ports.flatMap((port) => from.map((network) => ({ port, from: network })));
}

function distinct(allows: readonly AllowedPort[]): readonly AllowedPort[] {
  return [...new Map(allows.map((each) => [`${each.port} ${each.from}`, each])).values()];
}
