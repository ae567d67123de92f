import { SETTINGS } from '../../config/yml/settings.ts';
import { SERVER } from '../../core/server-layout.ts';
import { type Shell, sh } from '../../shell/line.ts';
import { type HostInput, hasRole } from '../input.ts';
import { template } from '../templates.ts';
import { nginxOf } from './nginx-version.ts';
import { siteModeOf } from './placeholder.ts';
import { PROGRAMS, SITE_PEM, siteOf } from './site.ts';

/** Where HAProxy sends challenges while certbot listens there. */
export const ACME_PORT = 8089;
export const CERTIFICATE_PROGRAM = `${PROGRAMS}/certificate`;
/** Who vouches for an ACME server that is not public. */
export const ACME_AUTHORITY = `${SERVER.tls}/acme-authority.pem`;

/** The program that asks for a certificate, judges the one that is there and installs it: one for provisioning and the timer. */
export function certificateProgram(input: HostInput): string {
  const { config } = input;
  const isBalancer = hasRole(input, 'lb');
  const { group, mode } = siteModeOf({ group: isBalancer ? null : nginxOf(input.facts).user });
  return template('acme/certificate.sh', {
    NAME: sh`${siteOf(input).name}`.text,
    SERVER: sh`${config.value(SETTINGS.tlsAcmeUrl) ?? ''}`.text,
    DAYS: String(config.value(SETTINGS.tlsRenewDays) ?? 0),
    SITE: SITE_PEM,
    SCRIPT: CERTIFICATE_PROGRAM,
    GROUP: group,
    MODE: mode,
    TRUST: input.acmeAuthorityPem === null ? '' : `REQUESTS_CA_BUNDLE=${ACME_AUTHORITY} `,
    ACCOUNT: account(config.value(SETTINGS.tlsEmail)).text,
    METHOD: method(isBalancer).text,
    TELL: isBalancer ? TELL_HAPROXY : '  # nginx reads it at each handshake.',
  });
}

function account(email: string | undefined): Shell {
  return email === undefined ? sh`--register-unsafely-without-email` : sh`--email ${email}`;
}

/** RFC 8555, 8.3: the server asks by http, port 80. */
function method(isBalancer: boolean): Shell {
  return isBalancer
    ? sh`--standalone --http-01-address 127.0.0.1 --http-01-port ${ACME_PORT}`
    : sh`--webroot --webroot-path ${SERVER.acmeRoot}`;
}

/** HAProxy's management guide, "set ssl cert": no connection is closed. A reload where that is refused. */
const TELL_HAPROXY = `  socket=/run/haproxy/admin.sock
  [ -S "$socket" ] || return 0
  { printf 'set ssl cert %s <<\\n' "$site"; cat "$site"; printf '\\n'; } | socat -t 5 - "UNIX-CONNECT:$socket" >/dev/null || true
  said=$(printf 'commit ssl cert %s\\n' "$site" | socat -t 5 - "UNIX-CONNECT:$socket") || true
  case $said in *Success*) ;; *) systemctl reload haproxy.service ;; esac`;
