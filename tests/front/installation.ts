import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/core/clock.ts';
import { type Layout, localLayout, type Slot } from '../../src/core/layout.ts';
import { livingOwner } from '../../src/core/ownership.ts';
import { isAlive } from '../../src/core/process.ts';
import { ensureSupervisor, type SupervisorCommand, supervisorCommand } from '../../src/front/start.ts';
import type { ServiceName, ServiceSpec } from '../../src/front/supervisor/spec.ts';
import { supervisorClient } from '../../src/front/supervisor-client.ts';

const TOKEN = 1;
const SOURCE = join(import.meta.dirname, '../../src');

/** A local installation in a temporary folder, with real processes; `dispose` ends every one of them. */
export interface Installation extends AsyncDisposable {
  readonly layout: Layout;
  readonly supervisor: ReturnType<typeof supervisorClient>;
  readonly command: SupervisorCommand;
  startSupervisor(): Promise<void>;
  /** With the lock's token, as a deploy that holds it. */
  put(spec: ServiceSpec): Promise<object>;
  remove(name: ServiceName): Promise<object>;
  /** A supervisor process of this test's own, for what `startSupervisor` hides. */
  spawnSupervisor(): ChildProcess;
  /** A service that runs the JavaScript given, with `run`, `appendFileSync` and `http` at hand. */
  service(name: ServiceName, script: string, more?: Partial<ServiceSpec>): ServiceSpec;
  /** A slot's service that answers every request with its name and pid. */
  slot(name: Slot): ServiceSpec;
  front(port: number): ServiceSpec;
  /** Every living process of this installation's services, by its marker. */
  processes(name: ServiceName): number[];
  pidOf(name: ServiceName | 'supervisor'): number;
}

/** In a new temporary folder or the one given, with the lock held under token 1. */
export function openInstallation(root: string = mkdtempSync(join(tmpdir(), 'ompay-inst-'))): Installation {
  const layout = localLayout(root);
  mkdirSync(layout.run, { recursive: true, mode: 0o700 });
  mkdirSync(layout.logs, { recursive: true });
  const command = supervisorCommand(layout, {
    nodePath: process.execPath,
    bundlePath: join(SOURCE, 'front/supervisor-main.ts'),
  });
  writeLock(layout, TOKEN);
  const spawned: ChildProcess[] = [];
  const supervisor = supervisorClient(layout.supervisorSocket);
  const installation: Installation = {
    layout,
    command,
    supervisor,
    put: (spec) => supervisor.put(spec, TOKEN),
    remove: (name) => supervisor.remove(name, TOKEN),
    startSupervisor: () => ensureSupervisor(layout, command, systemClock),
    spawnSupervisor: () => {
      const child = spawn(command.command, command.args, { cwd: command.cwd, env: {}, stdio: 'pipe' });
      spawned.push(child);
      return child;
    },
    service: (name, script, more) => ({
      name,
      command: process.execPath,
      args: ['--input-type=module', '-e', `${PRELUDE(layout.run)}\n${script}`],
      cwd: root,
      environmentFile: null,
      environment: {},
      logFile: join(layout.logs, `${name}.log`),
      stopTimeoutMs: 3000,
      ...more,
    }),
    slot: (name) => installation.service(name, SLOT(name)),
    front: (port) => ({
      ...installation.service('front', ''),
      args: [join(SOURCE, 'front/front-main.ts'), ...frontOptions(layout, port, command)],
    }),
    processes: (name) => markedProcesses(`${layout.run}#${name}`),
    pidOf: (name) => {
      const owner = livingOwner(join(layout.run, `${name}.pid`));
      if (owner === undefined) throw new Error(`${name} does not run`);
      return owner.pid;
    },
    [Symbol.asyncDispose]: async () => {
      // The front revives a killed supervisor, and that one its services: all go until none is left.
      for (let round = 0; round < 50 && killAll(layout); round += 1) await delay(20);
      for (const child of spawned) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
      rmSync(root, { recursive: true, force: true });
      rmSync(layout.run, { recursive: true, force: true });
    },
  };
  return installation;
}

const PRELUDE = (run: string): string => `
import { appendFileSync } from 'node:fs';
import http from 'node:http';
const run = ${JSON.stringify(run)};`;

const SLOT = (name: Slot): string => `
import { rmSync } from 'node:fs';
const path = run + '/${name}.sock';
rmSync(path, { force: true });
let seen = 0;
const server = http.createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  request.resume();
  const body = JSON.stringify({ slot: '${name}', pid: process.pid, seen: ++seen });
  // Long enough that a switch always finds requests at work.
  setTimeout(() => response.end(body), 50);
});
server.listen(path);`;

function frontOptions(layout: Layout, port: number, command: SupervisorCommand): string[] {
  const options = {
    host: '127.0.0.1',
    port: String(port),
    upstream: layout.currentSocket,
    admin: layout.frontSocket,
    watch: join(layout.run, 'supervisor.pid'),
    revive: JSON.stringify([command.command, ...command.args]),
  };
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
}

function markedProcesses(marker: string): number[] {
  return processesWith('environ', `OMPAY_SERVICE=${marker}`);
}

/** The processes of which /proc/PID/`file`, a list of NUL-ended words, holds the word. */
function processesWith(file: 'environ' | 'cmdline', word: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => fileText(`/proc/${name}/${file}`).split('\0').includes(word))
    .map(Number);
}

/** Empty when the process has ended. */
function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Whether there was anything to kill. */
function killAll(layout: Layout): boolean {
  const services = (['front', 'blue', 'green', 'database'] as const).flatMap((name) =>
    markedProcesses(`${layout.run}#${name}`),
  );
  // One that the front has just started has no pid file yet: it is known by its arguments.
  const pids = [...processesWith('cmdline', layout.services), ...services];
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended on its own in between.
    }
  }
  return pids.length > 0;
}

/** Takes the deploy lock for a token, as the command line does. */
export function writeLock(layout: Layout, fencingToken: number): void {
  writeFileSync(layout.lock, JSON.stringify({ fencingToken, holder: { run: 'r', expiresAtMs: 0 } }));
}

/** Polls until the value is there. Throws after 10 s. */
export async function eventually<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadlineMs = performance.now() + 10_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadlineMs) throw new Error(`never came true: ${String(look)}`);
    await delay(10);
  }
}

/** A service that does nothing, for ever. */
export const IDLE = 'setInterval(() => undefined, 1000);';

export async function statusOf(installation: Installation, name: ServiceName) {
  return (await installation.supervisor.status()).services.find((service) => service.name === name);
}

/** Kills the process that the pid file names and returns its pid once it is gone. */
export async function kill(installation: Installation, name: ServiceName | 'supervisor'): Promise<number> {
  const pid = installation.pidOf(name);
  process.kill(pid, 'SIGKILL');
  await ended(pid);
  return pid;
}

/** A zombie has ended: only its parent has not looked yet. */
export function ended(pid: number): Promise<true> {
  return eventually(() => !isAlive({ pid, startTime: '' }) || undefined);
}
