import type { HostInput } from '../input.ts';
import type { Resource, Told } from '../resource.ts';

/** The certificate of a host, in the form in which one of its servers reads it. */
export interface ServiceTls {
  readonly folder: string;
  /** Who the server runs as: the key is its alone. */
  readonly user: string;
  readonly tells: readonly Told[];
}

export function tlsPaths(folder: string) {
  return { ca: `${folder}/ca.pem`, certificate: `${folder}/server.pem`, key: `${folder}/server-key.pem` };
}

export function serviceTls(
  { certificate }: HostInput,
  { folder, user, tells }: ServiceTls,
): readonly Resource[] {
  const paths = tlsPaths(folder);
  const own = { owner: user, group: user, tells } as const;
  return [
    { kind: 'folder', path: folder, mode: 0o755, owner: 'root', group: 'root' },
    { kind: 'file', path: paths.ca, content: certificate.authorityPem, mode: 0o644, ...own },
    { kind: 'file', path: paths.certificate, content: certificate.certificatePem, mode: 0o644, ...own },
    { kind: 'file', path: paths.key, content: certificate.key, mode: 0o600, ...own },
  ];
}
