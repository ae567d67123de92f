import { readFileSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import { OmpayError } from '../core/errors.ts';
import type { Layout } from '../core/layout.ts';
import { waitDrained } from '../core/slots/drain.ts';
import {
  type FrontCounts,
  frontCounts,
  type RecentCounts,
  type TargetCounts,
} from '../front/front-client.ts';
import { ensureSupervisor } from '../front/start.ts';
import { type ServiceName, type ServiceStatus, supervisorClient } from '../front/supervisor-client.ts';
import type { Platform } from './handlers/platform.ts';
import { NO_TRAFFIC, type Traffic, type TrafficCount } from './observation/traffic.ts';
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
  const put = async (name: ServiceName, program: Program, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    await supervisor.put(specOf(layout, name, program));
  };
  const listens = (name: ServiceName, target: Listener, signal: AbortSignal): Promise<void> =>
    waitListening({ name, target, restarts: () => restartsOf(name) }, layout, { clock, signal });
  return {
    states,
    ensureSupervisor: async () => ensureSupervisor(layout, revival(layout, await kit.platform()), clock),
    // What runs stays as it is: newer programs are taken at the next `down` and `up`, not under the users' feet.
    ensureDatabase: async (anew, signal) => {
      const program = databaseProgram(layout, await kit.platform());
      if (anew || !(await isRunning('database'))) await put('database', program, signal);
      await listens('database', { path: layout.databaseSocket }, signal);
    },
    // Its own socket answers only once it has the port: another program may answer on that.
    ensureFront: async (port, anew, signal) => {
      const program = frontProgram(layout, await kit.platform(), port);
      if (anew || !(await isRunning('front', port))) await put('front', program, signal);
      await listens('front', { path: layout.frontSocket }, signal);
    },
    startSlot: async (slot, release, { token, signal }) => {
      const { nodePath } = await kit.platform();
      await supervisor.remove(slot, token);
      signal.throwIfAborted();
      await supervisor.put(specOf(layout, slot, slotProgram(layout, { slot, release, nodePath })), token);
      await listens(slot, { path: layout.slotSockets[slot] }, signal);
    },
    stopSlot: async (slot, { token }) => {
      await supervisor.remove(slot, token);
    },
    switchTo: async (slot, token) => {
      const { switchMicroseconds } = await supervisor.switchTo({ slot, fencingToken: token });
      return { microseconds: switchMicroseconds };
    },
    waitDrained: (slot) => waitDrained(layout.slotSockets[slot], DRAIN_TIMEOUT_MS, clock),
    traffic: async () => {
      return trafficIn(await frontCounts(layout.frontSocket));
    },
    keptPort: () => keptPort(layout),
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

function trafficIn({ sinceMs, targets, recent, latencyBoundsMs }: FrontCounts): Traffic {
  const of = (target: string): TrafficCount => trafficOf(targets[target], latencyBoundsMs);
  const lately = (target: string): TrafficCount => recentOf(recent?.[target], latencyBoundsMs);
  return {
    sinceMs,
    targets: { blue: of('blue.sock'), green: of('green.sock'), none: of('none') },
    ...(recent === undefined ? {} : { recent: { blue: lately('blue.sock'), green: lately('green.sock') } }),
  };
}

function recentOf(counts: RecentCounts | undefined, boundsMs: readonly number[] | undefined): TrafficCount {
  if (counts === undefined || boundsMs === undefined) return NO_TRAFFIC;
  const { requests, failed, latency } = counts;
  return { requests, failed, latency: { boundsMs, counts: latency } };
}

/** A front that runs since before this version does not say its bounds: its latencies are then not compared. */
function trafficOf(counts: TargetCounts | undefined, boundsMs: readonly number[] | undefined): TrafficCount {
  if (counts === undefined) return NO_TRAFFIC;
  return {
    requests: counts.requests,
    failed: counts.status['5xx'] + counts.upstreamErrors,
    latency: boundsMs === undefined ? null : { boundsMs, counts: counts.latency },
  };
}

/** From what the supervisor was told to run, so that `down` or a reboot does not forget it. */
function keptPort(layout: Layout): number | null {
  try {
    const text = readFileSync(layout.services, 'utf8');
    const port = /"OMPAY_PORT":\s*"(\d+)"/.exec(text)?.[1];
    return port === undefined ? null : Number(port);
  } catch {
    return null;
  }
}
