import type { HostFacts } from '../facts.ts';

/** What differs between the nginx of the distributions. */
export interface NginxVersion {
  readonly user: string;
  /** What loads its dynamic modules. */
  readonly modules: string;
  /** 1.25.1 and newer have `http2 on`; before, it is a word of `listen`. */
  readonly hasHttp2Directive: boolean;
  /** 1.19.4 and newer: a handshake for an unknown name ends without a certificate. */
  readonly canRejectHandshakes: boolean;
  readonly hasBrotli: boolean;
}

/** By distribution and version, as packages.debian.org, packages.ubuntu.com and Red Hat's lifecycle page list them. */
export function nginxOf({ family, distribution, version }: HostFacts): NginxVersion {
  // sid has no version, and what is newest.
  const release = version === '' ? Number.POSITIVE_INFINITY : Number.parseFloat(version);
  if (family === 'rhel') {
    return {
      user: 'nginx',
      modules: '/usr/share/nginx/modules/*.conf',
      hasHttp2Directive: release >= 10,
      canRejectHandshakes: release >= 9,
      hasBrotli: false,
    };
  }
  const since =
    distribution === 'ubuntu' ? { http2: 25, reject: 24, brotli: 23 } : { http2: 13, reject: 12, brotli: 12 };
  return {
    user: 'www-data',
    modules: '/etc/nginx/modules-enabled/*.conf',
    hasHttp2Directive: release >= since.http2,
    canRejectHandshakes: release >= since.reject,
    hasBrotli: release >= since.brotli,
  };
}
