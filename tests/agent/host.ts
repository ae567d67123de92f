import { mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { dirname, join } from 'node:path';
import { type HostPaths, hostPaths } from '../../src/agent/paths.ts';
import type { Units } from '../../src/agent/units.ts';
import type { Slot } from '../../src/core/layout.ts';
import { temporaryFolder } from '../fixtures/folder.ts';

/** A web host's folders below another root, and units that are real servers on the slots' sockets. */
export interface FakeHost extends AsyncDisposable {
  readonly paths: HostPaths;
  readonly units: Units;
  /** What was asked of the units, in order. */
  readonly asked: readonly string[];
  /** What `current.sock` points to. */
  live(): string;
}

export function fakeHost(): FakeHost {
  const root = temporaryFolder();
  const paths = hostPaths(root);
  for (const folder of [paths.releases, dirname(paths.slotLinks.blue), paths.run, dirname(paths.lock)])
    mkdirSync(folder, { recursive: true });
  mkdirSync(dirname(paths.environment), { recursive: true });
  writeFileSync(paths.environment, 'APP_ENV=staging\n');
  const servers = new Map<Slot, Server>();
  const asked: string[] = [];
  const stop = async (slot: Slot): Promise<void> => {
    const server = servers.get(slot);
    servers.delete(slot);
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  };
  const start = async (slot: Slot): Promise<void> => {
    await stop(slot);
    const server = createServer((_request, response) => response.end('ok'));
    servers.set(slot, server);
    await new Promise<void>((resolve) => server.listen(paths.slotSockets[slot], resolve));
  };
  const state = (slot: Slot) => ({ runs: servers.has(slot), restarts: 0 });
  return {
    paths,
    asked,
    units: {
      states: async () => ({ blue: state('blue'), green: state('green') }),
      start: async (slot) => {
        asked.push(`start ${slot}`);
        await start(slot);
      },
      stop: async (slot) => {
        asked.push(`stop ${slot}`);
        await stop(slot);
      },
      moveWorker: async (to) => {
        asked.push(`worker ${to}`);
      },
      lastLines: async () => '',
    },
    live: () => readlinkSync(paths.currentSocket),
    [Symbol.asyncDispose]: async () => {
      await stop('blue');
      await stop('green');
    },
  };
}

/** A release's folder, as it is when it was verified. */
export function putRelease({ paths }: FakeHost, id: string): void {
  const folder = join(paths.releases, id);
  mkdirSync(folder);
  writeFileSync(join(folder, 'api.mjs'), '');
  writeFileSync(
    join(folder, 'manifest.json'),
    JSON.stringify({ id, version: '1', builtAt: `2026-11-2${id.length}`, newestMigration: '0004' }),
  );
}

/** What an earlier deploy left: the release live and accepted in blue. */
export function putLive({ paths }: FakeHost, id: string): void {
  symlinkSync(join(paths.releases, id), paths.slotLinks.blue);
  symlinkSync('blue.sock', paths.currentSocket);
  symlinkSync('blue', paths.live);
  writeFileSync(paths.accepted, JSON.stringify([id]));
}
