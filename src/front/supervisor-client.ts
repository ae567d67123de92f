import { messageOf, OmpayError, systemCodeOf } from '../core/errors.ts';
import { request as httpRequest } from '../core/node-http.ts';
import type { SwitchRequest, SwitchResult } from '../core/slots/switch.ts';
import type { ServiceStatus } from './supervisor/service.ts';
import type { ServiceName, ServiceSpec } from './supervisor/spec.ts';

export type { SwitchRequest, SwitchResult } from '../core/slots/switch.ts';
export type { ServiceStatus } from './supervisor/service.ts';
export type { ServiceName, ServiceSpec } from './supervisor/spec.ts';

export interface SupervisorStatus {
  readonly pid: number;
  readonly services: readonly ServiceStatus[];
}

const QUICK_MS = 3000;
/** Stopping a service may take its whole stopTimeoutMs twice. */
const CHANGE_MS = 30_000;

/**
 * The supervisor's control socket, typed. Every call throws `hostUnreachable` when no supervisor answers there.
 * `put` and `remove` of blue or green need the lock's fencing token (else `lockLost`) and never touch the live slot
 * (`stateUnusable`).
 */
export function supervisorClient(socketPath: string) {
  return {
    status: () => call<SupervisorStatus>(socketPath, { method: 'GET', path: '/status', timeoutMs: QUICK_MS }),
    put: (spec: ServiceSpec, fencingToken?: number) =>
      call<object>(socketPath, {
        method: 'PUT',
        path: servicePath(spec.name, fencingToken),
        body: spec,
        timeoutMs: CHANGE_MS,
      }),
    remove: (name: ServiceName, fencingToken?: number) =>
      call<object>(socketPath, {
        method: 'DELETE',
        path: servicePath(name, fencingToken),
        timeoutMs: CHANGE_MS,
      }),
    switchTo: (body: SwitchRequest) =>
      call<SwitchResult>(socketPath, { method: 'POST', path: '/switch', body, timeoutMs: QUICK_MS }),
    shutdown: () => call<object>(socketPath, { method: 'POST', path: '/shutdown', timeoutMs: 4 * CHANGE_MS }),
  };
}

function servicePath(name: ServiceName, fencingToken: number | undefined): string {
  return `/services/${name}${fencingToken === undefined ? '' : `?fencingToken=${fencingToken}`}`;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly timeoutMs: number;
}

/** The answer's shape is trusted: both ends of this socket are this program, and the socket is this user's alone. */
function call<T extends object>(socketPath: string, { method, path, body, timeoutMs }: Call): Promise<T> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = { 'content-length': Buffer.byteLength(text), connection: 'close' };
    const outgoing = httpRequest({ socketPath, method, path, headers, signal, agent: false }, (answer) => {
      let received = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        received += chunk;
      });
      answer.on('error', (error) => reject(unreachable(path, error)));
      answer.on('end', () => {
        try {
          const value: T & Failure = JSON.parse(received);
          if (answer.statusCode === 200) resolve(value);
          else reject(refusal(value));
        } catch (error) {
          reject(unreachable(path, error));
        }
      });
    });
    outgoing.on('error', (error) => reject(unreachable(path, error)));
    outgoing.end(text);
  });
}

interface Failure {
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}

function refusal({ error }: Failure): OmpayError {
  const code = error?.code === 'lockLost' ? 'lockLost' : 'stateUnusable';
  return new OmpayError(code, error?.message ?? 'the supervisor refused', {
    hint: error?.hint || 'ompay logs supervisor',
  });
}

function unreachable(path: string, cause: unknown): OmpayError {
  return new OmpayError(
    'hostUnreachable',
    `the supervisor did not answer ${path} (${systemCodeOf(cause) ?? messageOf(cause)})`,
    {
      hint: 'start it: ompay up',
      cause,
    },
  );
}
