import { SERVER } from '../../core/server-layout.ts';
import { sh } from '../../shell/line.ts';
import { packages, rootFolder, setting } from '../declarations.ts';
import type { Resource } from '../resource.ts';
import { SITE_PEM, type Site } from './site.ts';

/** Who reads the site's key beside root: a group, null for nobody. */
export interface KeyReader {
  readonly group: string | null;
}

export function siteModeOf({ group }: KeyReader): { readonly group: string; readonly mode: string } {
  return group === null ? { group: 'root', mode: '600' } : { group, mode: '640' };
}

/**
 * A server that ends TLS starts before the first certificate is there: with one that nobody believes, for the right name. It
 * is made again only when the name is another, and replaced by the real one (roles/acme.ts).
 */
export function placeholder({ name, isName }: Site, reader: KeyReader): readonly Resource[] {
  const { group, mode } = siteModeOf(reader);
  const check = isName ? sh`-checkhost ${name}` : sh`-checkip ${name}`;
  const alternative = `subjectAltName=${isName ? 'DNS' : 'IP'}:${name}`;
  return [
    ...packages('openssl'),
    rootFolder(SERVER.tls),
    setting({
      name: `a certificate for ${name}, if only one that nobody believes`,
      holds: sh`openssl x509 -noout ${check} -in ${SITE_PEM} | grep -q 'does match'`,
      apply: sh`umask 077; key=$(mktemp); trap 'rm -f "$key" "$key.pem"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=placeholder -addext ${alternative} -keyout "$key" -out "$key.pem"
cat "$key.pem" "$key" >${`${SITE_PEM}.new`} && chown ${`root:${group}`} ${`${SITE_PEM}.new`} && chmod ${mode} ${`${SITE_PEM}.new`} && mv -f ${`${SITE_PEM}.new`} ${SITE_PEM}`,
    }),
    setting({
      name: `${SITE_PEM} is for ${group} alone`,
      holds: sh`[ "$(stat -c %U:%G:%a ${SITE_PEM})" = ${`root:${group}:${mode}`} ]`,
      apply: sh`chown ${`root:${group}`} ${SITE_PEM} && chmod ${mode} ${SITE_PEM}`,
    }),
  ];
}
