import { Secret } from '../../core/secret.ts';
import { SERVER } from '../../core/server-layout.ts';
import { sh } from '../../shell/line.ts';
import { packages, rootFile, rootFolder, running, setting } from '../declarations.ts';
import { type HostInput, hasRole } from '../input.ts';
import type { FileResource, Resource } from '../resource.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';
import { nginxSite } from '../web/nginx-site.ts';
import { nginxOf } from '../web/nginx-version.ts';
import { placeholder } from '../web/placeholder.ts';
import { FLEET_PEM, isFront, siteOf } from '../web/site.ts';

const UNIT = 'nginx.service';

/** What stands before the API on a web host: TLS, limits, headers; it asks whichever slot is live. */
export const nginxRole: Role<HostInput> = {
  name: 'nginx',
  guard: null,
  isOn: (input) => hasRole(input, 'web'),
  resources: (input) => {
    const { user, modules, hasBrotli } = nginxOf(input.facts);
    return [
      ...packages('nginx', ...(hasBrotli ? ['libnginx-mod-http-brotli-filter'] : [])),
      setting({
        name: `${user} is in the group ${SERVER.user}`,
        holds: sh`id -nG ${user} | grep -qw ${SERVER.user}`,
        apply: sh`usermod --append --groups ${SERVER.user} ${user}`,
        tells: [{ unit: UNIT, how: 'reload' }],
      }),
      rootFolder(SERVER.tls),
      ...certificates(input, user),
      rootFolder(SERVER.acmeRoot),
      served('/etc/nginx/nginx.conf', template('nginx/nginx.conf', { USER: user, MODULES: modules })),
      served('/etc/nginx/ompay-proxy.conf', template('nginx/ompay-proxy.conf')),
      served(
        '/etc/nginx/ompay-maintenance.conf',
        template('nginx/ompay-maintenance.conf', { MAINTENANCE: SERVER.maintenance }),
      ),
      served('/etc/nginx/conf.d/ompay.conf', nginxSite(input)),
      rootFolder('/etc/systemd/system/nginx.service.d'),
      rootFile({
        path: '/etc/systemd/system/nginx.service.d/ompay.conf',
        content: template('nginx/service.conf'),
        tells: [{ unit: UNIT, how: 'restart' }],
      }),
      running(UNIT),
    ];
  },
};

/** Behind a load balancer it shows the fleet's certificate, to the load balancer alone. */
function certificates(input: HostInput, user: string): readonly Resource[] {
  if (isFront(input)) return placeholder(siteOf(input), { group: user });
  const { certificatePem, key } = input.certificate;
  return [
    rootFile({
      path: FLEET_PEM,
      content: new Secret(`${certificatePem}${key.reveal()}`),
      mode: 0o600,
      tells: [{ unit: UNIT, how: 'reload' }],
    }),
  ];
}

function served(path: string, content: string): FileResource {
  return rootFile({ path, content, check: sh`nginx -t -q`, tells: [{ unit: UNIT, how: 'reload' }] });
}
