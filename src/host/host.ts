import type { Shell } from '../shell/line.ts';

export type HostName = string;

export interface ExecOptions {
  /** For the line itself; connecting to the host has a limit of its own. */
  readonly timeoutMs: number;
  /** Ends it when it writes nothing for so long. No such limit unless told. */
  readonly idleMs?: number;
  readonly stdin?: string;
  readonly signal?: AbortSignal;
  /** It changes nothing, so it is run again when the connection is lost. */
  readonly readOnly?: boolean;
  /**
   * Names a change, so that it is made once: the same id again gives the kept result, also to another process within a
   * day. Letters, digits and `-`; a new one unless told. Of no meaning where no connection can be lost.
   */
  readonly operationId?: string;
}

export interface ExecResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  /** `SIGKILL` …, when a signal ended it. */
  readonly signalName?: string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface FollowOptions {
  /** Ends it; an ended follow throws the signal's reason. */
  readonly signal: AbortSignal;
  /**
   * Is given each line of its output in order, without the newline; one of more than 64 KiB is cut. No more is read while
   * it is pending, so that a slow reader holds the writer and fills no memory.
   */
  onLine(line: string): void | Promise<void>;
}

export interface FollowEnd {
  readonly exitCode: number | null;
  readonly signalName?: string;
  /** The end of it: 4 KiB. */
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
 * (`hostUnreachable`, `timeout`), and what the line started is ended. Only connecting and what is `readOnly` is retried; a
 * change whose connection was lost is asked for by its id, so that its result is told or that it is not known.
 */
export interface Host {
  readonly name: HostName;
  /**
   * Runs a line in a POSIX shell. A line with a secret travels over stdin, never as an argument, and its secrets are masked
   * in what comes back. More than 16 MiB of output are refused (`commandFailed`).
   */
  exec(line: Shell, options: ExecOptions): Promise<ExecResult>;
  /**
   * Runs a line that only reads, and gives its output away line by line while it runs; for a day at most. What it started
   * ends when the signal says so, and when the connection is lost, which throws `hostUnreachable`: nothing is begun again.
   */
  follow(line: Shell, options: FollowOptions): Promise<FollowEnd>;
  /** Replaces a file at once: temporary file, fsync, rename. */
  put(content: string | Uint8Array, path: string, mode: number): Promise<void>;
  /** Throws `notFound`; `commandFailed` for more than 64 MiB. */
  get(path: string): Promise<Uint8Array>;
  /** One HTTP exchange on a connection of its own, closed afterwards (an idle one would keep a slot from draining). */
  request(request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
export const MAX_FILE_BYTES = 64 * 1024 * 1024;
