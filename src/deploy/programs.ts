import { join } from 'node:path';
import type { Layout, Slot } from '../core/layout.ts';
import { type SupervisorCommand, supervisorCommand } from '../front/start.ts';
import type { ServiceName, ServiceSpec } from '../front/supervisor-client.ts';
import type { Platform } from './handlers/platform.ts';
import { API_BUNDLE, releaseEnvironment } from './handlers/release.ts';

/** The API finishes what it has begun in at most 10 s; the database checkpoints in at most 5 s. */
const STOP_TIMEOUT_MS = { blue: 12_000, green: 12_000, database: 8000, front: 12_000 } as const;

/** How one service is started. */
export type Program = Pick<ServiceSpec, 'command' | 'args' | 'cwd' | 'environmentFile' | 'environment'>;

export function specOf(layout: Layout, name: ServiceName, program: Program): ServiceSpec {
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

/** Node's own bound lets the space of new objects grow to 134 MB under load; with 16 MB a half it is 34 (docs/observability.md). */
const NEW_OBJECTS = '--max-semi-space-size=16';

export function slotProgram(
  layout: Layout,
  { slot, release, nodePath }: { slot: Slot; release: string; nodePath: string },
): Program {
  return {
    command: nodePath,
    args: [NEW_OBJECTS, join(layout.releases, release, API_BUNDLE)],
    cwd: join(layout.releases, release),
    environmentFile: releaseEnvironment(layout, release),
    environment: { APP_RELEASE: release, API_SOCKET: layout.slotSockets[slot] },
  };
}

export function databaseProgram(layout: Layout, { folder, nodePath }: Platform): Program {
  return {
    command: nodePath,
    args: [join(folder, 'pglite-host.mjs'), '--data', layout.data, '--socket', layout.databaseSocket],
    cwd: layout.state,
    environmentFile: null,
    environment: {},
  };
}

export function frontProgram(layout: Layout, platform: Platform, port: number): Program {
  const { command, args } = revival(layout, platform);
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
    command: platform.nodePath,
    args: [join(platform.folder, 'front.mjs'), ...words],
    cwd: layout.state,
    environmentFile: null,
    environment: { OMPAY_PORT: String(port) },
  };
}

/** How the supervisor is started, by the command line and by the front. */
export function revival(layout: Layout, { folder, nodePath }: Platform): SupervisorCommand {
  return supervisorCommand(layout, { nodePath, bundlePath: join(folder, 'supervisor.mjs') });
}
