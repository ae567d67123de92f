import { SETTINGS } from '../../config/yml/settings.ts';
import { SERVER } from '../../core/server-layout.ts';
import { addressesOf, type HostInput } from '../input.ts';
import { template } from '../templates.ts';
import { type NginxVersion, nginxOf } from './nginx-version.ts';
import { FLEET_PEM, isFront, SITE_PEM, siteOf } from './site.ts';

const LEAST_SIGN_INS_PER_SECOND = 5;
const LEAST_CONNECTIONS = 100;
/** ngx_http_limit_conn_module: of 16 bits. */
const MOST_CONNECTIONS = 65_535;

/** The configuration of the site: pure, and whole in tests/goldens/provision. */
export function nginxSite(input: HostInput): string {
  const nginx = nginxOf(input.facts);
  const site = siteOf(input);
  const isDirect = isFront(input);
  // A load balancer names the host itself in its handshake, and the site in the request.
  const names = isDirect ? site.name : `${site.name} ${input.host.name}`;
  return template('nginx/ompay.conf', {
    SOCKET: SERVER.currentSocket,
    ACME_ROOT: SERVER.acmeRoot,
    NAMES: names,
    DEFAULT: site.isName ? '' : ' default_server',
    REFUSAL: site.isName ? refusal(nginx, isDirect) : '',
    LISTEN_OPTION: nginx.hasHttp2Directive ? '' : ' http2',
    PROTOCOL: nginx.hasHttp2Directive ? '  http2 on;' : '',
    CERTIFICATE_MAP: isDirect ? CERTIFICATE_MAP : '',
    CERTIFICATE: certificate(isDirect),
    REAL_ADDRESS: realAddress(isDirect ? [] : addressesOf(input, 'lb')),
    BROTLI: nginx.hasBrotli ? BROTLI : '',
    // The load balancer keeps connections, and is the one who closes them.
    KEEPALIVE: isDirect ? '75s' : '3600s',
    ...limits(input.config.value(SETTINGS.webRequestsPerSecond) ?? 0),
  });
}

function limits(requestsPerSecond: number): Readonly<Record<string, string>> {
  const signIns = Math.max(LEAST_SIGN_INS_PER_SECOND, Math.round(requestsPerSecond / 10));
  return {
    RATE: String(requestsPerSecond),
    BURST: String(2 * requestsPerSecond),
    SIGN_IN_RATE: String(signIns),
    SIGN_IN_BURST: String(4 * signIns),
    CONNECTIONS: String(Math.min(MOST_CONNECTIONS, Math.max(LEAST_CONNECTIONS, requestsPerSecond))),
  };
}

/** A name in a variable is read at each handshake: a renewal needs no reload, which would close connections. */
const CERTIFICATE_MAP = `
map $ssl_server_name $ompay_certificate {
  default ${SITE_PEM};
}
`;

const BROTLI = `
  brotli on;
  brotli_types application/json application/problem+json;
  brotli_min_length 512;`;

function certificate(isDirect: boolean): string {
  const file = isDirect ? '$ompay_certificate' : FLEET_PEM;
  return `  ssl_certificate ${file};\n  ssl_certificate_key ${file};`;
}

/** Whoever knows the address only, or another name, learns nothing. */
function refusal({ canRejectHandshakes, hasHttp2Directive }: NginxVersion, isDirect: boolean): string {
  const http2 = hasHttp2Directive ? '' : ' http2';
  return `
server {
  listen 80 default_server;
  listen [::]:80 default_server;
  listen 443 ssl${http2} default_server;
  listen [::]:443 ssl${http2} default_server;
  server_name _;
  access_log off;
${canRejectHandshakes ? '  ssl_reject_handshake on;' : certificate(isDirect)}
  return 444;
}
`;
}

function realAddress(balancers: readonly string[]): string {
  if (balancers.length === 0) return '';
  const trusted = balancers.map((address) => `  set_real_ip_from ${address};`);
  return [
    '',
    '  # Their word on who the client is counts, and nobody else’s.',
    ...trusted,
    '  real_ip_header X-Forwarded-For;',
  ].join('\n');
}
