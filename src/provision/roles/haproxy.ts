import { OmpayError } from '../../core/errors.ts';
import { SERVER } from '../../core/server-layout.ts';
import { sh } from '../../shell/line.ts';
import { packages, rootFile, rootFolder, running } from '../declarations.ts';
import { type FleetHost, type HostInput, hasRole } from '../input.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';
import { ACME_PORT } from '../web/acme-client.ts';
import { placeholder } from '../web/placeholder.ts';
import { SITE_PEM, siteOf } from '../web/site.ts';

const UNIT = 'haproxy.service';
const CONFIG = '/etc/haproxy/haproxy.cfg';

/** Spreads requests over the web hosts that say that they are ready; TLS of clients ends here. */
export const haproxyRole: Role<HostInput> = {
  name: 'haproxy',
  guard: null,
  isOn: (input) => hasRole(input, 'lb'),
  resources: (input) => [
    // socat: certificates are changed over its socket.
    ...packages('haproxy', 'socat'),
    ...placeholder(siteOf(input), { group: null }),
    rootFile({
      path: CONFIG,
      content: haproxyConfig(input),
      check: sh`haproxy -c -q -f ${CONFIG}`,
      tells: [{ unit: UNIT, how: 'reload' }],
    }),
    rootFolder('/etc/systemd/system/haproxy.service.d'),
    rootFile({
      path: '/etc/systemd/system/haproxy.service.d/ompay.conf',
      content: template('haproxy/service.conf'),
      tells: [{ unit: UNIT, how: 'restart' }],
    }),
    running(UNIT),
  ],
};

function haproxyConfig(input: HostInput): string {
  assertAlone(input);
  const site = siteOf(input);
  const servers = input.fleet.filter(({ roles }) => roles.includes('web')).map(serverLine);
  return template('haproxy/ompay.cfg', {
    USER: 'haproxy',
    CERTIFICATE: SITE_PEM,
    STRICT: site.isName ? ' strict-sni' : '',
    NAME: site.name,
    AUTHORITY: SERVER.tlsAuthority,
    SERVERS: servers.join('\n'),
    ACME_PORT: String(ACME_PORT),
  });
}

/** Believed by its own name, asked for the site. */
function serverLine({ name, address }: FleetHost): string {
  const at = address.includes(':') ? `[${address}]` : address;
  return `  server ${name} ${at}:443 sni str(${name}) verifyhost ${name} check-sni ${name}`;
}

function assertAlone(input: HostInput): void {
  if (!hasRole(input, 'web')) return;
  const { name } = input.host;
  throw new OmpayError(
    'configInvalid',
    `${name} has the roles lb and web, and both need the ports 80 and 443`,
    {
      hint: `in ompay.yml, give lb a host of its own; with one web host alone, take lb away from ${name}`,
    },
  );
}
