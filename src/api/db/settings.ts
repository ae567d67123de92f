import type { Secret } from '../../core/secret.ts';

export type ConnectionKind = 'pglite' | 'pgsql' | 'mysql' | 'mariadb';

/** Where the database is and how it may be used. A socket path wins over host and port. */
export interface DatabaseSettings {
  readonly connection: ConnectionKind;
  /** MySQL: the server's socket. PostgreSQL and PGlite: the whole path, ending in `.s.PGSQL.<port>`. */
  readonly socketPath?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly database: string;
  readonly username: string;
  readonly password?: Secret | undefined;
  /** Undefined speaks plainly. Unused on a socket. */
  readonly tls?: DatabaseTls | undefined;
  /** A server that follows this one, for reads that may be stale; the same database, user, password and TLS. */
  readonly replica?: DatabasePlace | undefined;
  /** Most connections held at once. */
  readonly poolSize: number;
  /** A statement that runs longer fails, and its connection is thrown away. */
  readonly statementTimeoutMs: number;
  /** How long a caller waits for a connection while the server is away or the pool is empty; 3000 unless told. */
  readonly connectWaitMs?: number | undefined;
}

export interface DatabaseTls {
  /** Path of PEM certificates that may vouch for the server; null is Node's own list. */
  readonly caPath: string | null;
}

export interface DatabasePlace {
  readonly socketPath?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/** A restart of the local database takes about 1.5 s, of a small server under 3 s. */
export const CONNECT_WAIT_MS = 3_000;

/** Where the database is, for messages: never holds the password. */
export function addressOf(settings: DatabaseSettings): string {
  return settings.socketPath ?? `${settings.host}:${settings.port}`;
}
