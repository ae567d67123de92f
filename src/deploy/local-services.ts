import { connect } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import type { Layout, Slot } from '../core/layout.ts';
import { waitDrained } from '../front/drain.ts';
import { frontCounts } from '../front/front-client.ts';
import type { TargetCounts } from '../front/proxy/counts.ts';
import { ensureSupervisor, supervisorCommand } from '../front/start.ts';
import type { ServiceStatus } from '../front/supervisor/service.ts';
import type { ServiceName, ServiceSpec } from '../front/supervisor/spec.ts';
import { supervisorClient } from '../front/supervisor-client.ts';
import type { Platform } from './handlers/platform.ts';
import { API_BUNDLE } from './handlers/release.ts';
import { lastLogLines } from './last-log-lines.ts';
import type { TrafficCount } from './observe.ts';
import type { LocalServices, ServiceState } from './services.ts';

const DRAIN_TIMEOUT_MS = 15_000;
const START_TIMEOUT_MS = 45_000;
const POLL_MS = 25;
/** The API finishes what it has begun in at most 10 s; the database checkpoints in at most 5 s. */
const STOP_TIMEOUT_MS = { blue: 12_000, green: 12_000, database: 8000, front: 12_000 } as const;

export interface LocalServicesKit {
  readonly layout: Layout;
  readonly clock: Clock;
  readonly platform: () => Promise<Platform>;
}

/** The local services, through the supervisor's and the front's sockets. */
export function localServices(kit: LocalServicesKit): LocalServices {
  const { layout, clock } = kit;
  const supervisor = supervisorClient(layout.supervisorSocket);
  const states = async (): Promise<readonly ServiceState[] | undefined> => {
    try {
      return (await supervisor.status()).services.map(stateOf);
    } catch (error) {
      if (error instanceof OmpayError && error.code === 'hostUnreachable') return undefined;
      throw error;
    }
  };
  const isRunning = async (name: ServiceName, port?: number): Promise<boolean> => {
    const state = (await states())?.find((each) => each.name === name);
    return state !== undefined && state.pid !== null && (port === undefined || state.port === port);
  };
  const put = async (name: ServiceName, program: Program): Promise<void> => {
    await supervisor.put(specOf(kit.layout, name, program));
  };
  /** Waits until the service accepts connections; its process dying first is the answer, with its last words. */
  const listens = async (
    name: ServiceName,
    target: { path: string } | { host: string; port: number },
  ): Promise<void> => {
    const deadlineMs = clock.monotonicMs() + START_TIMEOUT_MS;
    const startRestarts = (await states())?.find((state) => state.name === name)?.restarts ?? 0;
    while (!(await accepts(target))) {
      const died = ((await states())?.find((state) => state.name === name)?.restarts ?? 0) > startRestarts;
      if (died || clock.monotonicMs() > deadlineMs) throw notStarted(layout, name, died);
      await clock.sleep(POLL_MS);
    }
  };
  return {
    states,
    ensureSupervisor: async () => ensureSupervisor(layout, await revival(kit), clock),
    // What runs stays as it is: newer programs are taken at the next `down` and `up`, not under the users' feet.
    ensureDatabase: async () => {
      if (await isRunning('database')) return;
      const { folder, nodePath } = await kit.platform();
      await put('database', {
        command: nodePath,
        args: [join(folder, 'pglite-host.mjs'), '--data', layout.data, '--socket', layout.databaseSocket],
        cwd: layout.state,
        environmentFile: null,
        environment: {},
      });
      await listens('database', { path: layout.databaseSocket });
    },
    ensureFront: async (port) => {
      if (await isRunning('front', port)) return;
      await put('front', await frontProgram(kit, port));
      await listens('front', { host: '127.0.0.1', port });
    },
    startSlot: async (slot, release) => {
      await supervisor.remove(slot);
      const { nodePath } = await kit.platform();
      await put(slot, slotProgram(layout, { slot, release, nodePath }));
      await listens(slot, { path: layout.slotSockets[slot] });
    },
    stopSlot: async (slot) => {
      await supervisor.remove(slot);
    },
    switchTo: async (slot, token) => {
      const { switchMicroseconds } = await supervisor.switchTo({ slot, fencingToken: token });
      return { microseconds: switchMicroseconds };
    },
    waitDrained: (slot) => waitDrained(layout.slotSockets[slot], DRAIN_TIMEOUT_MS, clock),
    traffic: async () => {
      const { targets } = await frontCounts(layout.frontSocket);
      return { blue: trafficOf(targets['blue.sock']), green: trafficOf(targets['green.sock']) };
    },
    shutdown: async () => {
      await supervisor.shutdown();
    },
  };
}

type Program = Pick<ServiceSpec, 'command' | 'args' | 'cwd' | 'environmentFile' | 'environment'>;

function specOf(layout: Layout, name: ServiceName, program: Program): ServiceSpec {
  const environment = { NODE_COMPILE_CACHE: join(layout.state, 'cache'), ...program.environment };
  const args = ['--disable-warning=ExperimentalWarning', ...program.args];
  return {
    ...program,
    name,
    args,
    environment,
    logFile: join(layout.logs, `${name}.log`),
    stopTimeoutMs: STOP_TIMEOUT_MS[name],
  };
}

function slotProgram(
  layout: Layout,
  { slot, release, nodePath }: { slot: Slot; release: string; nodePath: string },
): Program {
  return {
    command: nodePath,
    args: [join(layout.releases, release, API_BUNDLE)],
    cwd: join(layout.releases, release),
    environmentFile: layout.environment,
    environment: { APP_RELEASE: release, API_SOCKET: layout.slotSockets[slot] },
  };
}

async function frontProgram(kit: LocalServicesKit, port: number): Promise<Program> {
  const { layout } = kit;
  const { folder, nodePath } = await kit.platform();
  const { command, args } = await revival(kit);
  const options = {
    host: '127.0.0.1',
    port: String(port),
    upstream: layout.currentSocket,
    admin: layout.frontSocket,
    watch: join(layout.run, 'supervisor.pid'),
    revive: JSON.stringify([command, ...args]),
  };
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  return {
    command: nodePath,
    args: [join(folder, 'front.mjs'), ...words],
    cwd: layout.state,
    environmentFile: null,
    environment: { OMPAY_PORT: String(port) },
  };
}

async function revival({ layout, platform }: LocalServicesKit) {
  const { folder, nodePath } = await platform();
  return supervisorCommand(layout, { nodePath, bundlePath: join(folder, 'supervisor.mjs') });
}

function stateOf({ name, pid, restarts, spec, sinceMs, lastExit }: ServiceStatus): ServiceState {
  const port = spec.environment.OMPAY_PORT;
  return {
    name,
    pid,
    restarts,
    sinceMs,
    lastExit,
    release: spec.environment.APP_RELEASE ?? null,
    port: port === undefined ? null : Number(port),
  };
}

function trafficOf(counts: TargetCounts | undefined): TrafficCount {
  if (counts === undefined) return { requests: 0, failed: 0 };
  return { requests: counts.requests, failed: counts.status['5xx'] + counts.upstreamErrors };
}

function accepts(target: { path: string } | { host: string; port: number }): Promise<boolean> {
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
  const how = died ? 'ended right after its start' : `did not answer within ${START_TIMEOUT_MS / 1000} s`;
  const said = lastLogLines(join(layout.logs, `${name}.log`), 3);
  return new OmpayError('hostUnreachable', `${name} ${how}${said === '' ? '' : `; it wrote: ${said}`}`, {
    hint: `ompay logs ${name}`,
  });
}
