import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseEnv } from 'node:util';
import type { Clock } from '../../core/clock.ts';
import { messageOf, systemCodeOf } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { isAlive, type ProcessIdentity, startTimeOf } from '../../core/process.ts';
import { endProcess } from './end.ts';
import { findRunning, markerOf, pidFileOf } from './running.ts';
import type { ServiceSpec } from './spec.ts';

/** How soon the death of an adopted process is seen; that of a child is told at once. */
const POLL_MS = 50;
/** A process that lived less than this died quickly; repeated quick deaths are started more and more slowly. */
const QUICK_DEATH_MS = 1000;
const MAX_DELAY_MS = 5000;
/** What every child gets; nothing of the environment of whoever started the supervisor leaks into a service. */
const BASE_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', TZ: 'UTC' };

export interface ServiceStatus {
  readonly name: ServiceSpec['name'];
  readonly spec: ServiceSpec;
  readonly pid: number | null;
  /** Milliseconds since the epoch of the newest start. */
  readonly sinceMs: number | null;
  /** Starts after the first one of this spec. */
  readonly restarts: number;
  /** How the newest death went: `exit 1`, `signal SIGKILL`, `unknown` for an adopted process. */
  readonly lastExit: string | null;
}

/** Keeps one process running until it is stopped. Adopts the living process of an earlier supervisor. */
export class Service {
  readonly spec: ServiceSpec;
  readonly #runFolder: string;
  readonly #clock: Clock;
  #identity: ProcessIdentity | undefined;
  #child: ChildProcess | undefined;
  #sinceMs: number | undefined;
  #restarts = 0;
  #quickDeaths = 0;
  #lastExit: string | undefined;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(spec: ServiceSpec, runFolder: string, clock: Clock) {
    this.spec = spec;
    this.#runFolder = runFolder;
    this.#clock = clock;
  }

  /** Adopts the process that runs already, or starts one. A start that fails is tried again, as a death is. */
  start(): void {
    const running = findRunning(this.#runFolder, this.spec.name);
    if (running === undefined) this.#begin();
    else this.#adopt(running);
  }

  #adopt(running: ProcessIdentity): void {
    this.#keep(running);
    this.#watch();
  }

  status(): ServiceStatus {
    const alive = this.#identity !== undefined && isAlive(this.#identity);
    return {
      name: this.spec.name,
      spec: this.spec,
      pid: alive && this.#identity !== undefined ? this.#identity.pid : null,
      sinceMs: this.#sinceMs ?? null,
      restarts: this.#restarts,
      lastExit: this.#lastExit ?? null,
    };
  }

  /** SIGTERM, then SIGKILL after the spec's time; resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    if (this.#identity !== undefined) await endProcess(this.#identity, this.spec.stopTimeoutMs, this.#clock);
    rmSync(pidFileOf(this.#runFolder, this.spec.name), { force: true });
  }

  #spawn(): void {
    mkdirSync(dirname(this.spec.logFile), { recursive: true, mode: 0o700 });
    const log = openSync(this.spec.logFile, 'a', 0o600);
    try {
      const child = spawn(this.spec.command, this.spec.args, {
        cwd: this.spec.cwd,
        env: {
          ...BASE_ENVIRONMENT,
          ...environmentOf(this.spec),
          ...markerOf(this.#runFolder, this.spec.name),
        },
        stdio: ['ignore', log, log],
        detached: true,
      });
      child.once('error', (error) => this.#died(`not started: ${systemCodeOf(error) ?? error.message}`));
      child.once('exit', (code, signal) => this.#died(signal === null ? `exit ${code}` : `signal ${signal}`));
      child.unref();
      this.#child = child;
      if (child.pid !== undefined) this.#keep({ pid: child.pid, startTime: startTimeOf(child.pid) ?? '' });
    } finally {
      closeSync(log);
    }
  }

  #keep(identity: ProcessIdentity): void {
    this.#identity = identity;
    this.#sinceMs = this.#clock.now();
    try {
      writeFileAtomic(pidFileOf(this.#runFolder, this.spec.name), JSON.stringify(identity), 0o600);
    } catch (error) {
      // A full disk must not make us forget a process that runs; without the file it is found by its marker.
      process.stderr.write(`${this.spec.name}: its pid file is not written: ${messageOf(error)}\n`);
    }
  }

  /** An adopted process sends no event to us, so its death is seen by looking. */
  #watch(): void {
    this.#timer = setTimeout(() => {
      if (this.#stopping.signal.aborted) return;
      if (this.#child === undefined && this.#identity !== undefined && !isAlive(this.#identity))
        this.#died('unknown');
      else this.#watch();
    }, POLL_MS);
  }

  #died(how: string): void {
    if (this.#stopping.signal.aborted) return;
    this.#lastExit = how;
    this.#child = undefined;
    this.#identity = undefined;
    const livedMs = this.#clock.now() - (this.#sinceMs ?? 0);
    this.#quickDeaths = livedMs < QUICK_DEATH_MS ? this.#quickDeaths + 1 : 0;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#again(), delayAfter(this.#quickDeaths));
  }

  #again(): void {
    if (this.#stopping.signal.aborted) return;
    this.#restarts += 1;
    this.#begin();
  }

  #begin(): void {
    try {
      this.#spawn();
      this.#watch();
    } catch (error) {
      // The log's disk may be full or the environment file gone.
      this.#sinceMs = this.#clock.now();
      this.#died(`not started: ${messageOf(error)}`);
    }
  }
}

/** At once after the first death; 100, 200 … 5000 ms after more of them in quick succession. */
function delayAfter(quickDeaths: number): number {
  return quickDeaths < 2 ? 0 : Math.min(MAX_DELAY_MS, 100 * 2 ** (quickDeaths - 2));
}

function environmentOf(spec: ServiceSpec): NodeJS.ProcessEnv {
  const kept = spec.environmentFile === null ? {} : parseEnv(readFileSync(spec.environmentFile, 'utf8'));
  return { ...kept, ...spec.environment };
}
