import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { diskRefusal } from '../../core/disk.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { fenced } from '../../core/slots/fence.ts';
import { restoreLive, targetOf } from '../../core/slots/live.ts';
import {
  type SwitchPaths,
  type SwitchRequest,
  type SwitchResult,
  switchSlot,
} from '../../core/slots/switch.ts';
import { endProcess } from './end.ts';
import { rotateLog } from './rotate.ts';
import { findRunning, pidFileOf } from './running.ts';
import { Service, type ServiceStatus } from './service.ts';
import { readSpecs, SERVICE_NAMES, type ServiceName, type ServiceSpec, writeSpecs } from './spec.ts';

const TEND_INTERVAL_MS = 5000;
/** As long as a slot takes at most to finish its requests. */
const LEFTOVER_TIMEOUT_MS = 10_000;

export interface SupervisorPaths extends SwitchPaths {
  /** services.json: what is to run. */
  readonly services: string;
  readonly log: string;
}

/** Keeps the services of services.json running. Changes are made one after the other. */
export class Supervisor {
  readonly #paths: SupervisorPaths;
  readonly #clock: Clock;
  readonly #services = new Map<ServiceName, Service>();
  #changes: Promise<unknown> = Promise.resolve();
  #tending: NodeJS.Timeout | undefined;
  #ended: boolean = false;
  /** Whether services.json says less than what is. */
  #unsaved: boolean = false;

  constructor(paths: SupervisorPaths, clock: Clock) {
    this.#paths = paths;
    this.#clock = clock;
  }

  /** Adopts what runs, starts what does not, ends what runs but is not to. */
  start(): void {
    const specs = readSpecs(this.#paths.services);
    restoreLive({ currentSocket: this.#currentSocket(), live: this.#paths.live });
    for (const name of SERVICE_NAMES) {
      const spec = specs.find((each) => each.name === name);
      if (spec === undefined) this.#endLeftover(name);
      else this.#begin(spec);
    }
    this.#tending = setInterval(() => this.#tend(), TEND_INTERVAL_MS);
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

  /**
   * Starts a service, or puts it in place of the one of that name; the same spec again changes nothing. A slot needs
   * the lock's token (`lockLost`), and the live one is never replaced (`stateUnusable`).
   */
  put(spec: ServiceSpec, token: number | undefined): Promise<void> {
    return this.#change(async () => {
      const running = this.#services.get(spec.name);
      if (JSON.stringify(running?.spec) === JSON.stringify(spec)) return;
      if (running !== undefined) await this.#takeOut(spec.name, token);
      // Asked again: ending the old one may have taken longer than the lock lasted.
      this.#allowed(spec.name, token, () => {
        this.#save([...this.#specs(), spec]);
        this.#begin(spec);
      });
    });
  }

  /** Ends a service for good; refuses what `put` refuses. */
  remove(name: ServiceName, token: number | undefined): Promise<void> {
    return this.#change(() => this.#takeOut(name, token));
  }

  async #takeOut(name: ServiceName, token: number | undefined): Promise<void> {
    const running = this.#services.get(name);
    this.#allowed(name, token, () => {
      this.#refuseLive(name);
      this.#services.delete(name);
      // Saved first: killed in between, the next supervisor must not start it again.
      this.#saveSoon();
    });
    await running?.stop();
  }

  /** Database and front belong to no release: any command of this user may start them. */
  #allowed(name: ServiceName, token: number | undefined, body: () => void): void {
    if (name === 'blue' || name === 'green')
      fenced(this.#paths, { what: `the change of ${name}`, token }, body);
    else body();
  }

  #refuseLive(name: ServiceName): void {
    if (targetOf(this.#currentSocket()) !== `${name}.sock`) return;
    throw new OmpayError('stateUnusable', `${name} is live and cannot be replaced or removed`, {
      hint: 'make the other slot live first: ompay deploy, or ompay rollback',
    });
  }

  #currentSocket(): string {
    return join(this.#paths.run, 'current.sock');
  }

  /** Makes a slot live. Throws `lockLost` when its run may not any more. */
  switchTo(request: SwitchRequest): SwitchResult {
    return switchSlot(this.#paths, request, this.#clock);
  }

  /** Stops everything, front first; services.json stays, for the next start. */
  shutdown(): Promise<void> {
    clearInterval(this.#tending);
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
    this.#unsaved = false;
  }

  /** A full disk must not keep a slot that is not well running: what is not written now is written later. */
  #saveSoon(): void {
    this.#unsaved = true;
    try {
      this.#save(this.#specs());
    } catch (error) {
      if (diskRefusal(error, this.#paths.services) === undefined) throw error;
      process.stderr.write(`${this.#paths.services} is not written: ${messageOf(error)}\n`);
    }
  }

  #tend(): void {
    if (this.#unsaved) this.#saveSoon();
    this.#rotate();
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
