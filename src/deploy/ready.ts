import { connect } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import type { Layout } from '../core/layout.ts';
import type { ServiceName } from '../front/supervisor-client.ts';
import { lastLogLines } from './last-log-lines.ts';

/** Below the limits of the steps that wait (src/deploy/plan.ts), so that it is this error that is told. */
const START_TIMEOUT_MS = { database: 45_000, front: 10_000, blue: 15_000, green: 15_000 } as const;
const POLL_MS = 25;

export interface Listener {
  readonly path: string;
}

/** Waits until the service accepts connections; its process dying first is the answer, with its last words. */
export async function waitListening(
  service: {
    readonly name: ServiceName;
    readonly target: Listener;
    readonly restarts: () => Promise<number>;
  },
  layout: Layout,
  limits: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const { clock, signal } = limits;
  const deadlineMs = clock.monotonicMs() + START_TIMEOUT_MS[service.name];
  const startRestarts = await service.restarts();
  while (!(await accepts(service.target))) {
    const died = (await service.restarts()) > startRestarts;
    if (died || clock.monotonicMs() > deadlineMs) throw notStarted(layout, service.name, died);
    await clock.sleep(POLL_MS, signal);
  }
}

function accepts(target: Listener): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(target);
    const finish = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.setTimeout(1000, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}

function notStarted(layout: Layout, name: ServiceName, died: boolean): OmpayError {
  const how = died
    ? 'ended right after its start'
    : `did not answer within ${START_TIMEOUT_MS[name] / 1000} s`;
  const said = lastLogLines(join(layout.logs, `${name}.log`), 3);
  return new OmpayError('hostUnreachable', `${name} ${how}${said === '' ? '' : `; it wrote: ${said}`}`, {
    hint: `ompay logs ${name}`,
  });
}
