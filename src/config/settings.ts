import type { Secret } from '../core/secret.ts';
import type { Environment, ServerAddress } from './key.ts';

/** What the API runs with; deep-frozen, and its secrets never print. */
export interface ApiSettings {
  readonly environment: Environment;
  readonly debug: boolean;
  /** The public address, without a final slash. */
  readonly url: string;
  /** 32 bytes in base64. */
  readonly key: Secret;
  /** The next key and the former ones: they open, and never seal. */
  readonly otherKeys: readonly Secret[];
  readonly release: string;
  readonly listen: ListenSettings;
  readonly database: DatabaseSettings;
  /** Null when no driver asks for Redis. */
  readonly redis: RedisSettings | null;
  readonly sms: SmsSettings;
  readonly log: LogSettings;
  /** Sentry's; null: errors are sent nowhere. */
  readonly sentryDsn: Secret | null;
  readonly drain: DrainSettings;
  /** Null: the chains are anchored nowhere. */
  readonly anchorFolder: string | null;
}

export type ListenSettings =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

export interface DatabaseSettings {
  readonly connection: 'pglite' | 'mysql' | 'mariadb' | 'pgsql';
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number;
  readonly database: string;
  readonly username: string;
  readonly password?: Secret;
  /** Absent: speaks plainly. Path of PEM certificates; null is Node's own list. */
  readonly tls?: { readonly caPath: string | null };
  /** A server that follows this one, for reads that may be stale. */
  readonly replica?: { readonly socketPath: string } | { readonly host: string; readonly port?: number };
  readonly poolSize: number;
  readonly statementTimeoutMs: number;
}

/** `local` keeps messages readable in the outbox; `http` posts them to a gateway. */
export type SmsSettings =
  | { readonly driver: 'local' }
  | { readonly driver: 'http'; readonly gatewayUrl: string; readonly token: Secret };

export interface LogSettings {
  readonly channel: 'stderr' | 'daily';
  /** Set when the channel is `daily`. */
  readonly folder: string | null;
  /** Of the daily files. */
  readonly limits: { readonly days: number; readonly totalBytes: number };
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
}

export interface DrainSettings {
  /** From the signal to the end of listening. */
  readonly announceMs: number;
  /** From there to the cutting of connections. */
  readonly limitMs: number;
}

export interface RedisSettings {
  readonly place: RedisPlace;
  readonly username?: string;
  readonly password?: Secret;
  readonly tls: RedisTls | null;
  /** Begins every key. */
  readonly prefix: string;
  /** What Redis is used for; the rest goes on without it. */
  readonly uses: { readonly cache: boolean; readonly sessions: boolean; readonly queue: boolean };
}

export type RedisPlace =
  | { readonly kind: 'socket'; readonly path: string }
  | ({ readonly kind: 'tcp' } & ServerAddress)
  | {
      readonly kind: 'sentinel';
      readonly sentinels: readonly ServerAddress[];
      readonly master: string;
      readonly sentinelPassword?: Secret;
    };

export interface RedisTls {
  /** Path of PEM certificates; null is Node's own list. */
  readonly caPath: string | null;
}
