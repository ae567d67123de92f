import type { Clock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import type { Layout } from '../core/layout.ts';
import { waitDrained } from '../front/drain.ts';
import { frontCounts, type TargetCounts } from '../front/front-client.ts';
import { ensureSupervisor } from '../front/start.ts';
import { type ServiceName, type ServiceStatus, supervisorClient } from '../front/supervisor-client.ts';
import type { Platform } from './handlers/platform.ts';
import type { TrafficCount } from './observe.ts';
import { databaseProgram, frontProgram, type Program, revival, slotProgram, specOf } from './programs.ts';
import { type Listener, waitListening } from './ready.ts';
import type { LocalServices, ServiceState } from './services.ts';

const DRAIN_TIMEOUT_MS = 15_000;

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
  const restartsOf = async (name: ServiceName): Promise<number> =>
    (await states())?.find((state) => state.name === name)?.restarts ?? 0;
  const start = async (name: ServiceName, program: Program, target: Listener): Promise<void> => {
    await supervisor.put(specOf(layout, name, program));
    await waitListening({ name, target, restarts: () => restartsOf(name) }, layout, clock);
  };
  return {
    states,
    ensureSupervisor: async () => ensureSupervisor(layout, revival(layout, await kit.platform()), clock),
    // What runs stays as it is: newer programs are taken at the next `down` and `up`, not under the users' feet.
    ensureDatabase: async () => {
      if (await isRunning('database')) return;
      await start('database', databaseProgram(layout, await kit.platform()), { path: layout.databaseSocket });
    },
    ensureFront: async (port) => {
      if (await isRunning('front', port)) return;
      await start('front', frontProgram(layout, await kit.platform(), port), { host: '127.0.0.1', port });
    },
    startSlot: async (slot, release) => {
      await supervisor.remove(slot);
      const { nodePath } = await kit.platform();
      await start(slot, slotProgram(layout, { slot, release, nodePath }), { path: layout.slotSockets[slot] });
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
