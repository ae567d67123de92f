import { SETTINGS } from '../../config/yml/settings.ts';
import { sh } from '../../shell/line.ts';
import { packages, rootFile, rootFolder, running, setting } from '../declarations.ts';
import { addressesOf, type HostInput } from '../input.ts';
import type { Resource } from '../resource.ts';
import type { Role } from '../role.ts';
import { template } from '../templates.ts';
import { ACME_AUTHORITY, CERTIFICATE_PROGRAM, certificateProgram } from '../web/acme-client.ts';
import { isFront, PROGRAMS, siteOf } from '../web/site.ts';

/** certbot is given 240 s. */
const ISSUE_MS = 270_000;
const TIMER = 'ompay-certificate.timer';

/** The site's certificate: asked for when there is none, renewed by a timer, served without a reload. */
export const acmeRole: Role<HostInput> = {
  name: 'acme',
  guard: null,
  isOn: isFront,
  notes: (input) => [...unasked(input), ...shared(input)],
  resources: (input) => (unasked(input).length > 0 ? [] : [...client(input), ...certificate(input)]),
};

function client(input: HostInput): readonly Resource[] {
  const { acmeAuthorityPem } = input;
  return [
    ...packages('certbot', 'openssl'),
    acmeAuthorityPem === null
      ? { kind: 'absent', path: ACME_AUTHORITY }
      : rootFile({ path: ACME_AUTHORITY, content: acmeAuthorityPem }),
    // Ours looks when ompay.yml says so, and knows who vouches for the server; two would ask twice.
    setting({
      name: "certbot's own timer is off",
      holds: sh`[ "$(readlink /etc/systemd/system/certbot.timer)" = /dev/null ]`,
      apply: sh`ln -sfn /dev/null /etc/systemd/system/certbot.timer && systemctl daemon-reload && systemctl -q stop certbot.timer`,
    }),
    rootFolder(PROGRAMS),
    rootFile({ path: CERTIFICATE_PROGRAM, content: certificateProgram(input), mode: 0o755 }),
  ];
}

function certificate(input: HostInput): readonly Resource[] {
  const server = new URL(input.config.value(SETTINGS.tlsAcmeUrl) ?? 'https://localhost').host;
  return [
    setting({
      name: `a certificate of ${server} for ${siteOf(input).name}`,
      holds: sh`${CERTIFICATE_PROGRAM} fault`,
      apply: sh`${CERTIFICATE_PROGRAM} renew`,
      timeoutMs: ISSUE_MS,
    }),
    rootFile({
      path: '/etc/systemd/system/ompay-certificate.service',
      content: template('acme/ompay-certificate.service', { SCRIPT: CERTIFICATE_PROGRAM }),
    }),
    rootFile({ path: `/etc/systemd/system/${TIMER}`, content: template('acme/ompay-certificate.timer') }),
    running(TIMER),
  ];
}

/** Why no certificate is asked for. */
function unasked(input: HostInput): readonly string[] {
  const { name, isName } = siteOf(input);
  const url = input.config.value(SETTINGS.appUrl) ?? '';
  if (isName && url.startsWith('https:')) return [];
  return [
    `no certificate is asked for ${name}: app.url names no host by https; it shows one that nobody believes`,
  ];
}

/** A challenge comes to any of the hosts that the name leads to. */
function shared(input: HostInput): readonly string[] {
  const balancers = addressesOf(input, 'lb');
  const fronts = balancers.length > 0 ? balancers : addressesOf(input, 'web');
  return fronts.length < 2
    ? []
    : [
        `${fronts.length} hosts answer to one name: while it leads to another of them, a certificate cannot be got for this one`,
      ];
}
