import { rmSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { endProcess } from './end.ts';
import { rotateLog } from './rotate.ts';
import { findRunning, pidFileOf } from './running.ts';
import { Service, type ServiceStatus } from './service.ts';
import { readSpecs, SERVICE_NAMES, type ServiceName, type ServiceSpec, writeSpecs } from './spec.ts';
import { type SwitchRequest, type SwitchResult, switchSlot } from './switch.ts';

const ROTATE_INTERVAL_MS = 5000;
/** As long as a slot takes at most to finish its requests. */
const LEFTOVER_TIMEOUT_MS = 10_000;

export interface SupervisorPaths {
  /** services.json: what is to run. */
  readonly services: string;
  readonly run: string;
  readonly lock: string;
  readonly log: string;
}

/** Keeps the services of services.json running. Changes are made one after the other. */
export class Supervisor {
  readonly #paths: SupervisorPaths;
  readonly #clock: Clock;
  readonly #services = new Map<ServiceName, Service>();
  #changes: Promise<unknown> = Promise.resolve();
  #rotation: NodeJS.Timeout | undefined;
  #ended: boolean = false;

  constructor(paths: SupervisorPaths, clock: Clock) {
    this.#paths = paths;
    this.#clock = clock;
  }

  /** Adopts what runs, starts what does not, ends what runs but is not to. */
  start(): void {
    const specs = readSpecs(this.#paths.services);
    for (const name of SERVICE_NAMES) {
      const spec = specs.find((each) => each.name === name);
      if (spec === undefined) this.#endLeftover(name);
      else this.#begin(spec);
    }
    this.#rotation = setInterval(() => this.#rotate(), ROTATE_INTERVAL_MS);
  }

  /** Its supervisor died between taking it out of services.json and ending it; adopted later it would be the wrong program. */
  #endLeftover(name: ServiceName): void {
    const leftover = findRunning(this.#paths.run, name);
    if (leftover === undefined) return;
    void this.#change(async () => {
      await endProcess(leftover, LEFTOVER_TIMEOUT_MS, this.#clock);
      rmSync(pidFileOf(this.#paths.run, name), { force: true });
    });
  }

  status(): ServiceStatus[] {
    return [...this.#services.values()].map((service) => service.status());
  }

  /** Starts a service, or puts it in place of the one of that name; the same spec again changes nothing. */
  put(spec: ServiceSpec): Promise<void> {
    return this.#change(async () => {
      const running = this.#services.get(spec.name);
      if (running !== undefined && JSON.stringify(running.spec) === JSON.stringify(spec)) return;
      await running?.stop();
      this.#services.delete(spec.name);
      this.#save([...this.#specs(), spec]);
      this.#begin(spec);
    });
  }

  remove(name: ServiceName): Promise<void> {
    return this.#change(async () => {
      const running = this.#services.get(name);
      this.#services.delete(name);
      // Saved first: killed in between, the next supervisor must not start it again.
      this.#save(this.#specs());
      await running?.stop();
    });
  }

  /** Makes a slot live. Throws `lockLost` when its run may not any more. */
  switchTo(request: SwitchRequest): SwitchResult {
    return switchSlot(this.#paths, request, this.#clock);
  }

  /** Stops everything, front first; services.json stays, for the next start. */
  shutdown(): Promise<void> {
    clearInterval(this.#rotation);
    return this.#change(async () => {
      this.#ended = true;
      for (const name of [...SERVICE_NAMES].reverse()) await this.#services.get(name)?.stop();
      this.#services.clear();
    });
  }

  #begin(spec: ServiceSpec): void {
    const service = new Service(spec, this.#paths.run, this.#clock);
    this.#services.set(spec.name, service);
    service.start();
  }

  #specs(): ServiceSpec[] {
    return [...this.#services.values()].map((service) => service.spec);
  }

  #save(specs: readonly ServiceSpec[]): void {
    writeSpecs(this.#paths.services, specs);
  }

  #rotate(): void {
    for (const log of [this.#paths.log, ...this.#specs().map((spec) => spec.logFile)]) {
      try {
        rotateLog(log);
      } catch (error) {
        // A full disk or a folder taken away must not end the services: the log grows on, and is tried again.
        process.stderr.write(`${log} is not rotated: ${messageOf(error)}\n`);
      }
    }
  }

  #change(work: () => Promise<void>): Promise<void> {
    const done = this.#changes.then(() => {
      // What was queued behind a shutdown would start a service that nobody supervises.
      if (this.#ended)
        throw new OmpayError('stateUnusable', 'the supervisor is ending', { hint: 'ompay up' });
      return work();
    });
    this.#changes = done.catch(() => {});
    return done;
  }
}
