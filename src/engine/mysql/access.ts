import type { Secret } from '../../core/secret.ts';

/** Where a MySQL server is reached, and as whom. Over TCP always by TLS, with the server's certificate checked. */
export interface MysqlAccess {
  readonly place: SocketPlace | TcpPlace;
  readonly username: string;
  readonly password: Secret;
}

export interface SocketPlace {
  readonly socketPath: string;
}

export interface TcpPlace {
  readonly host: string;
  readonly port: number;
  /** Certificates (PEM) of the authority that vouches for the server. */
  readonly authorityPath: string;
}

export function shownPlace({ place }: MysqlAccess): string {
  return 'socketPath' in place ? place.socketPath : `${place.host}:${place.port}`;
}
