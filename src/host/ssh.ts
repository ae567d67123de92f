import { type Clock, systemClock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import type { Shell } from '../shell/line.ts';
import { Gate } from './gate.ts';
import {
  type ExecOptions,
  type ExecResult,
  type Host,
  type HttpAnswer,
  type HttpRequest,
  MAX_OUTPUT_BYTES,
} from './host.ts';
import { requestThrough, shownTarget } from './http.ts';
import { masked } from './redact.ts';
import { newOperationId, run, type Session } from './ssh/exec.ts';
import { getOver, putOver } from './ssh/files.ts';
import { followOver } from './ssh/follow.ts';
import { sshLink } from './ssh/link.ts';
import type { SshTarget } from './ssh/target.ts';

export interface SshOptions {
  /** Shared by the hosts of a fleet. */
  readonly handshakes?: Gate;
  /** For one try of TCP, handshake and login; 10 s unless told. */
  readonly connectMs?: number;
  /** How often connecting is tried; 3 unless told. */
  readonly attempts?: number;
  readonly clock?: Clock;
  /** Connects at once, beside what the caller does before it first uses the host; a failure is told at that use. */
  readonly isNeededSoon?: boolean;
}

const CONNECT_MS = 10_000;
const ATTEMPTS = 3;
/** sshd refuses an eleventh session unless told otherwise (MaxSessions of sshd_config(5)); two are kept for ending lines. */
const MAX_SESSIONS = 8;
const MAX_HANDSHAKES = 8;
const OPERATION_ID = /^[A-Za-z0-9-]{1,64}$/;

/** A machine over one SSH connection, which is made when it is first needed and made anew when it was lost. */
export function sshHost(target: SshTarget, options: SshOptions = {}): Host {
  const clock = options.clock ?? systemClock;
  const link = sshLink(target, {
    clock,
    handshakes: options.handshakes ?? new Gate(MAX_HANDSHAKES),
    connectMs: options.connectMs ?? CONNECT_MS,
    attempts: options.attempts ?? ATTEMPTS,
  });
  if (options.isNeededSoon === true) link.connection().catch(() => undefined);
  const session: Session = { target, link, clock, channels: new Gate(MAX_SESSIONS) };
  return {
    name: target.name,
    exec: (line, limits) => execOver(session, line, limits),
    follow: (line, options) => followOver(session, line, options),
    put: (content, path, mode) =>
      putOver(session, typeof content === 'string' ? Buffer.from(content) : content, path, mode),
    get: (path) => getOver(session, path),
    request: (request) => requestOver(session, request),
    close: async () => link.close(),
  };
}

async function execOver(session: Session, line: Shell, options: ExecOptions): Promise<ExecResult> {
  if (line.hasSecret && options.stdin !== undefined) {
    throw new TypeError('a line with a secret travels over stdin, so it cannot have a stdin of its own');
  }
  const { exitCode, signalName, out, error } = await run(session, line, {
    input: Buffer.from(options.stdin ?? ''),
    timeoutMs: options.timeoutMs,
    idleMs: options.idleMs,
    maxBytes: MAX_OUTPUT_BYTES,
    signal: options.signal,
    operationId: options.readOnly === true ? undefined : operationIdOf(session, options),
  });
  const signal = signalName === undefined ? {} : { signalName };
  return { exitCode, ...signal, stdout: textOf(out, line), stderr: textOf(error, line) };
}

/** It names a folder on the host. */
function operationIdOf({ clock }: Session, { operationId }: ExecOptions): string {
  if (operationId === undefined) return newOperationId(clock);
  if (!OPERATION_ID.test(operationId))
    throw new TypeError(`no operation's id: ${JSON.stringify(operationId)}`);
  return operationId;
}

/** Without the newline at its end, as local output is. */
function textOf(bytes: Buffer, line: Shell): string {
  return masked(bytes.toString('utf8').replace(/\r?\n$/, ''), line);
}

async function requestOver({ link, target }: Session, request: HttpRequest): Promise<HttpAnswer> {
  request.signal?.throwIfAborted();
  const connection = await link.connection(request.signal);
  const where = `${request.method} ${request.path} on ${shownTarget(request.target)} of ${target.name}`;
  const opening = connection.forward(request.target);
  const stream = await opening.catch((cause: unknown) => {
    throw new OmpayError('hostUnreachable', `${where} failed`, {
      hint: 'see whether the service runs, and that sshd has AllowTcpForwarding and AllowStreamLocalForwarding local',
      cause,
    });
  });
  return requestThrough(request, stream);
}
