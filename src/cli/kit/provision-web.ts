import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EnvironmentConfig } from '../../config/yml/environment.ts';
import { SETTINGS } from '../../config/yml/settings.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';

/** The file of `tls.acme_ca`, null without one. Throws `configInvalid` when it cannot be read. */
export function acmeAuthorityOf(config: EnvironmentConfig, home: string): string | null {
  const path = config.value(SETTINGS.tlsAcmeCa);
  if (path === undefined) return null;
  try {
    return readFileSync(path.startsWith('~/') ? join(home, path.slice(2)) : path, 'utf8');
  } catch (error) {
    throw new OmpayError('configInvalid', `tls.acme_ca ${path} cannot be read: ${messageOf(error)}`, {
      hint: 'give it the path of the certificates that vouch for the ACME server, or take it away from ompay.yml',
    });
  }
}
