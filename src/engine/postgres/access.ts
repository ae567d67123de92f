import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, OmpayError } from '../../core/errors.ts';
import type { Secret } from '../../core/secret.ts';

/** Where a PostgreSQL server is reached, and as whom. Over TCP always by TLS, with the server's certificate checked. */
export interface PostgresAccess {
  readonly place: SocketPlace | TcpPlace;
  readonly username: string;
  readonly password: Secret;
}

export interface SocketPlace {
  /** `/var/run/postgresql/.s.PGSQL.5432` */
  readonly socketPath: string;
}

export interface TcpPlace {
  readonly host: string;
  readonly port: number;
  /** Certificates (PEM) of the authority that vouches for the server. */
  readonly authorityPath: string;
}

/** A network that is away is noticed within this time, also in the middle of a copy. */
const NETWORK_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_S = 10;

export function shownPlace({ place }: PostgresAccess): string {
  return 'socketPath' in place ? place.socketPath : `${place.host}:${place.port}`;
}

/** Host and port as PostgreSQL's clients take them: of a socket its folder, and the number at the end of its name. */
export function hostAndPort({ place }: PostgresAccess): { readonly host: string; readonly port: number } {
  if ('host' in place) return { host: place.host, port: place.port };
  return {
    host: dirname(place.socketPath),
    port: Number(/\.(\d+)$/.exec(place.socketPath)?.[1] ?? 5432),
  };
}

/** A connection string for PostgreSQL's own programs, without the password. */
export function connectionText(access: PostgresAccess, applicationName = 'ompay backup'): string {
  const { place, username } = access;
  const tls = 'host' in place ? { sslmode: 'verify-full', sslrootcert: place.authorityPath } : {};
  const words = {
    ...hostAndPort(access),
    user: username,
    ...tls,
    connect_timeout: CONNECT_TIMEOUT_S,
    tcp_user_timeout: NETWORK_TIMEOUT_MS,
    keepalives_idle: 30,
    application_name: applicationName,
  };
  return Object.entries(words)
    .map(([name, value]) => `${name}='${String(value).replace(/[\\']/g, '\\$&')}'`)
    .join(' ');
}

export async function readAuthority(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new OmpayError('configInvalid', `${path} cannot be read: ${messageOf(cause)}`, {
      hint: "put the certificates (PEM) of the database's authority there",
      cause,
    });
  }
}
