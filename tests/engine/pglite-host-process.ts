import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';

const ENTRY = join(import.meta.dirname, '../../src/engine/pglite-host-main.ts');

/** A temporary installation with one database host process, killed and removed by `dispose`. */
export interface HostProcess extends AsyncDisposable {
  readonly dataFolder: string;
  readonly runFolder: string;
  readonly socketPath: string;
  /** Starts the host (again) and waits until it answers; returns the milliseconds from spawn to the answer. */
  start(): Promise<number>;
  signal(signal: NodeJS.Signals): Promise<number | null>;
  /** A connected client; ended by `dispose`. */
  connect(): Promise<Client>;
}

export function hostProcess(entry: string = ENTRY): HostProcess {
  const root = mkdtempSync(join(tmpdir(), 'ompay-host-'));
  const runFolder = join(root, 'run');
  const dataFolder = join(root, 'data');
  mkdirSync(runFolder);
  let child: ChildProcess | undefined;
  const clients: Client[] = [];
  const host: HostProcess = {
    dataFolder,
    runFolder,
    socketPath: join(runFolder, '.s.PGSQL.5432'),
    start: async () => {
      const startedAtMs = performance.now();
      child = spawn(
        process.execPath,
        ['--liftoff-only', entry, '--data', dataFolder, '--socket', host.socketPath],
        {
          stdio: ['ignore', 'ignore', 'pipe'],
          env: {},
        },
      );
      const client = await firstConnection(runFolder, child);
      const tookMs = performance.now() - startedAtMs;
      await client.end();
      return tookMs;
    },
    signal: async (signal) => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return null;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
      return child.exitCode;
    },
    connect: async () => {
      const client = clientOf(runFolder);
      clients.push(client);
      await client.connect();
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      await host.signal('SIGKILL');
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
      rmSync(root, { recursive: true, force: true });
    },
  };
  return host;
}

function clientOf(runFolder: string): Client {
  const client = new Client({ host: runFolder, user: 'postgres', database: 'postgres' });
  // The death of the host under an idle client is what these tests make happen.
  client.on('error', () => undefined);
  return client;
}

async function firstConnection(runFolder: string, child: ChildProcess): Promise<Client> {
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += String(chunk);
  });
  for (let attempt = 0; attempt < 3000 && child.exitCode === null; attempt += 1) {
    const client = clientOf(runFolder);
    try {
      await client.connect();
      await client.query('SELECT 1');
      return client;
    } catch {
      await delay(10);
    }
  }
  throw new Error(`the host did not answer: ${said}`);
}
