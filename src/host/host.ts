import type { Shell } from '../shell/line.ts';

export type HostName = string;

export interface ExecOptions {
  readonly timeoutMs: number;
  readonly stdin?: string;
  readonly signal?: AbortSignal;
}

export interface ExecResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** A unix socket on the host, or a TCP port of its loopback. */
  readonly target: HttpTarget;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export type HttpTarget = { readonly socketPath: string } | { readonly port: number };

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * A machine that steps run on. A non-zero exit is a result; a lost connection or a time-out throws OmpayError
 * (`hostUnreachable`, `timeout`). Nothing is retried here: the caller knows what is safe to repeat.
 */
export interface Host {
  readonly name: HostName;
  /** Runs a line in a POSIX shell. A line with a secret travels over stdin, never as an argument. */
  exec(line: Shell, options: ExecOptions): Promise<ExecResult>;
  /** Replaces a file at once: temporary file, fsync, rename. */
  put(content: string | Uint8Array, path: string, mode: number): Promise<void>;
  get(path: string): Promise<Uint8Array>;
  /** One HTTP exchange on a connection of its own, closed afterwards (an idle one would keep a slot from draining). */
  request(request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}
